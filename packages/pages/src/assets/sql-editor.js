/**
 * An editor with SQL's colours, completion and undo in place of the text field in `data-sql-editor`, whose text it keeps the same as its
 * own. It stands in a shadow tree, where its styles need no exception from the Content-Security-Policy of the page. Without this file the
 * text field is used.
 */
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { MariaSQL, sql } from "@codemirror/lang-sql";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--accent)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--danger)" },
  { tag: [tags.comment, tags.lineComment, tags.blockComment], color: "var(--soft)", fontStyle: "italic" },
]);

const theme = EditorView.theme({
  "&": {
    minHeight: "12rem",
    maxHeight: "32rem",
    border: "1px solid var(--line-strong)",
    borderRadius: "var(--radius)",
    overflow: "hidden",
    background: "var(--sheet)",
    color: "var(--ink)",
    fontSize: "0.9375rem",
  },
  "&.cm-focused": { outline: "3px solid var(--focus)", outlineOffset: "2px" },
  ".cm-scroller": { minHeight: "12rem", overflow: "auto", fontFamily: "var(--mono)", lineHeight: "1.5" },
  ".cm-content": { caretColor: "var(--ink)", padding: "0.5rem 0" },
  ".cm-gutters": { border: "0", background: "var(--paper)", color: "var(--soft)" },
  ".cm-activeLine, .cm-activeLineGutter": { background: "transparent" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": { background: "var(--accent-soft)" },
  ".cm-tooltip": { border: "1px solid var(--line-strong)", background: "var(--sheet)", color: "var(--ink)" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { background: "var(--accent)", color: "var(--accent-ink)" },
});

/** The columns of the tables, for completion. */
const columns = {
  property: ["id", "address", "city", "price", "description", "year"],
  status: ["id", "name", "label"],
  status_history: ["id", "property_id", "status_id", "update_date"],
  listing: ["property_id", "status_id", "status_date", "city", "price", "year"],
};

for (const field of document.querySelectorAll("[data-sql-editor]")) {
  const text = field.querySelector("textarea");
  const place = document.createElement("div");
  const root = place.attachShadow({ mode: "open" });
  const tables = (field.dataset.tables ?? "").split(" ").filter((name) => name !== "");
  const run = () => {
    text.form.querySelector('button[value="run"]').click();
    return true;
  };
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text.value,
      extensions: [
        ...[lineNumbers(), history(), bracketMatching(), closeBrackets(), autocompletion(), highlightActiveLine()],
        sql({
          dialect: MariaSQL,
          upperCaseKeywords: true,
          schema: Object.fromEntries(tables.map((name) => [name, columns[name] ?? []])),
        }),
        ...[syntaxHighlighting(colours), theme, EditorView.lineWrapping],
        EditorView.contentAttributes.of({ "aria-label": "Statement" }),
        keymap.of([
          { key: "Mod-Enter", run },
          ...closeBracketsKeymap,
          ...completionKeymap,
          ...defaultKeymap,
          ...historyKeymap,
          indentWithTab,
        ]),
        EditorView.updateListener.of(({ docChanged, state }) => {
          if (docChanged) text.value = state.doc.toString();
        }),
      ],
    }),
  });
  text.hidden = true;
  text.required = false; // The browser could not point to it.
  text.before(place);
  field.querySelector("label").addEventListener("click", () => view.focus());
  for (const keys of field.querySelectorAll("[data-editor-keys]")) keys.hidden = false;
}
