import { html } from "hono/html";
import { hidden } from "./form-parts.ts";
import type { Html } from "./html.ts";

interface UploadForm {
  /** Where the file is sent, as `multipart/form-data`. */
  action: string;
  /** The name of the file's field, and its label. */
  name: string;
  label: string;
  hint?: string;
  /** What a file dialogue offers, such as `.csv,text/csv`. */
  accept?: string;
  /** Hidden fields, which are sent before the file. */
  fields?: Record<string, string>;
  /** Fields that are shown, and sent, before the file. */
  before?: Html;
  submit: string;
}

/**
 * A form that sends one file. With `upload.js` it shows how much is sent and can be stopped, and shows the page that it leads to;
 * without it, it is a plain form.
 */
export function uploadForm({ action, name, label, hint, accept, fields = {}, before, submit }: UploadForm): Html {
  return html`<form class="sheet" method="post" action="${action}" enctype="multipart/form-data" data-upload>
        ${Object.entries(fields).map(([field, value]) => hidden(field, value))}
        <div class="fields">${before ?? ""}<div class="field">
          <label for="${name}">${label}</label>
          ${hint ? html`<p class="hint" id="${name}-hint">${hint}</p>` : ""}
          <input id="${name}" name="${name}" type="file" required${accept ? html` accept="${accept}"` : ""}${hint ? html` aria-describedby="${name}-hint"` : ""} />
        </div></div>
        <div class="progress" hidden><progress max="1" value="0" aria-label="Upload progress"></progress> <output></output></div>
        <p class="actions"><button type="submit">${submit}</button> <button class="quiet" type="button" data-stop hidden>Stop</button></p>
      </form>`;
}
