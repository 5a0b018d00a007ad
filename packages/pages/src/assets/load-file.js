/**
 * A form with `data-load-file`, which loads a file: the beginning of a chosen or dropped file is looked at, the whole is sent with its
 * progress, and the load is followed and can be cancelled. A dry run is shown in the form, whose file stays chosen. A form that is sent
 * again continues its load. Without this file the form works by being sent.
 */
const lookBytes = 256 * 1024;
const followMs = 1000;

const formOf = () => document.querySelector("form[data-load-file]");
const parse = (text) => new DOMParser().parseFromString(text, "text/html");
const failed = "The connection was lost. Send the form again to load the rest.";

/** The fields of a form, the file last. */
function dataOf(form, file) {
  const data = new FormData(form);
  data.delete("file");
  if (file) data.append("file", file, file.name ?? form.elements.file.files[0]?.name ?? "file");
  return data;
}

/** The file comes first, and is looked at without a button: here it need not be the last that is sent. */
function arrange() {
  const form = formOf();
  if (!form) return;
  form.querySelector("[data-found]").before(form.querySelector(".drop"));
  form.querySelector("[formaction$='/check']").hidden = true;
}

/** Shows the page that a form was answered with; the chosen file stays chosen. */
function takeOver(page) {
  const files = formOf()?.elements.file.files;
  const main = page.querySelector("main");
  document.querySelector("main").replaceWith(main);
  arrange();
  const fresh = formOf();
  if (fresh && files) {
    fresh.elements.file.files = files;
    lookNow(fresh);
  }
  main.querySelector("[role=alert], h1")?.focus();
}

let looking = new AbortController();

/** Looks at the beginning of the file with the options of the form, and shows below the form what it was taken for. */
async function look(form) {
  const [file] = form.elements.file.files;
  if (!file) return;
  looking.abort();
  looking = new AbortController();
  const area = form.querySelector("[data-found]");
  area.setAttribute("aria-busy", "true");
  // Cut at the end of a line, so that the last row is whole.
  const start = new Uint8Array(await file.slice(0, lookBytes).arrayBuffer());
  const end = file.size > lookBytes ? start.lastIndexOf(10) + 1 || start.length : start.length;
  const response = await fetch(form.querySelector("[formaction$='/check']").formAction, {
    method: "POST",
    headers: { Accept: "text/html" },
    body: dataOf(form, new File([start.subarray(0, end)], file.name)),
    signal: looking.signal,
  });
  const page = parse(await response.text());
  const found = page.querySelector("[data-found]");
  const alert = page.querySelector("main [role=alert]");
  const focused = area.contains(document.activeElement) ? document.activeElement.id : "";
  alert?.removeAttribute("autofocus");
  area.replaceChildren(...(alert ? [alert] : []), ...(found?.childNodes ?? []));
  area.removeAttribute("aria-busy");
  if (focused !== "") document.getElementById(focused)?.focus();
}

/** Follows the load of a form on the page of the load, and returns its path once it is known. */
function follow(form, isSending) {
  const state = form.querySelector("[data-load-state]");
  const address = `${form.getAttribute("action")}/${form.elements.key.value}`;
  let path;
  const update = async () => {
    const response = await fetch(path ?? address, { headers: { Accept: "text/html" } });
    if (response.status === 200) {
      path = new URL(response.url).pathname;
      const load = parse(await response.text()).querySelector("[data-load]");
      for (const actions of load?.querySelectorAll(".actions") ?? []) actions.remove();
      load?.removeAttribute("id");
      if (load && isSending()) state.replaceChildren(load);
    }
  };
  const again = () => {
    if (isSending())
      update()
        .catch(() => {})
        .finally(() => setTimeout(again, followMs));
  };
  setTimeout(again, followMs / 2);
  return () => path;
}

/** Shows in the form what a dry run has found, and gives the form a new key: the next load is another one. */
async function showDryRun(form, page) {
  const load = page.querySelector("[data-load]");
  for (const actions of load?.querySelectorAll(".actions") ?? []) actions.remove();
  load?.removeAttribute("id");
  const state = form.querySelector("[data-load-state]");
  state.replaceChildren(load ?? "");
  const fresh = parse(await (await fetch(form.getAttribute("action"), { headers: { Accept: "text/html" } })).text());
  form.elements.key.value = fresh.querySelector("[name=key]").value;
  const heading = state.querySelector("h2");
  heading?.setAttribute("tabindex", "-1");
  heading?.focus();
}

/** Sends a form with its file, with progress, and shows the page that it leads to. */
function send(form, action) {
  const [file] = form.elements.file.files;
  const [area, stop] = [form.querySelector(".progress"), form.querySelector("[data-stop]")];
  const [bar, text] = [area.querySelector("progress"), area.querySelector("output")];
  const request = new XMLHttpRequest();
  let isSending = true;
  const show = (sending) => {
    isSending = sending;
    stop.hidden = !sending;
    bar.hidden = !sending;
    for (const button of form.querySelectorAll("button[type=submit]")) button.disabled = sending;
  };
  const fail = (reason) => {
    show(false);
    text.textContent = reason;
  };
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    bar.value = total > 0 ? loaded / total : 0;
    text.textContent =
      loaded < total ? `${Math.floor((100 * loaded) / total)}% sent` : "All sent. The last rows are being stored.";
  });
  request.addEventListener("load", () => {
    const isDone = request.status < 400 && request.responseURL !== action;
    if (isDone && !action.endsWith("/dry-run")) return location.assign(request.responseURL);
    const page = parse(request.responseText);
    if (isDone) {
      show(false);
      area.hidden = true;
      showDryRun(form, page).catch(() => location.assign(request.responseURL));
      return;
    }
    if (page.querySelector("main")) takeOver(page);
    else fail(`The upload failed with status ${request.status}.`);
  });
  request.addEventListener("error", () => fail(failed));
  request.addEventListener("abort", () => fail("Stopped."));
  request.open("POST", action);
  request.setRequestHeader("Accept", "text/html");
  area.hidden = false;
  bar.value = 0;
  text.textContent = "";
  show(true);
  const pathOfLoad = follow(form, () => isSending);
  stop.onclick = async () => {
    const path = pathOfLoad();
    if (path === undefined) return request.abort();
    stop.disabled = true;
    const cancelled = await fetch(`${path}/actions/cancel`, { method: "POST", headers: { Accept: "text/html" } });
    request.abort();
    if (cancelled.ok) location.assign(path);
  };
  request.send(dataOf(form, file));
}

const lookNow = (form) => {
  look(form).catch(() => {}); // It is only a look: the next change, or the load itself, tells.
};

arrange();

document.addEventListener("change", ({ target }) => {
  const form = target.closest?.("form[data-load-file]");
  if (form) lookNow(form);
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-load-file]")) return;
  event.preventDefault();
  // Not `formAction`, which is the address of the page where the attribute is missing.
  const action = event.submitter?.getAttribute("formaction") ?? event.target.getAttribute("action");
  if (action.endsWith("/check")) lookNow(event.target);
  else send(event.target, new URL(action, location.href).href);
});

document.addEventListener("dragover", (event) => {
  if (event.target.closest?.("form[data-load-file]")) event.preventDefault();
});

document.addEventListener("drop", (event) => {
  const form = event.target.closest?.("form[data-load-file]");
  if (!form || event.dataTransfer.files.length === 0) return;
  event.preventDefault();
  form.elements.file.files = event.dataTransfer.files;
  lookNow(form);
});
