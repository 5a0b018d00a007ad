/**
 * Results while typing. A form with `data-live` is sent in the background whenever its text changes, and every element
 * with `data-live-part` takes over what the element of the same name shows in the answer. Without this file the
 * form works by being sent.
 */
const quietMs = 120;

for (const form of document.querySelectorAll("form[data-live]")) {
  let timer = 0;
  let request = new AbortController();
  let shown = new URLSearchParams(new FormData(form)).toString();

  const load = async () => {
    const query = new URLSearchParams(new FormData(form)).toString();
    if (query === shown) return;
    request.abort();
    request = new AbortController();
    const url = `${form.getAttribute("action")}?${query}`;
    form.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { headers: { Accept: "text/html" }, signal: request.signal });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!answer.ok) {
        location.assign(url);
        return;
      }
      for (const part of document.querySelectorAll("[data-live-part]")) {
        const fresh = page.querySelector(`[data-live-part="${part.dataset.livePart}"]`);
        part.replaceChildren(...(fresh?.childNodes ?? []));
      }
      document.title = page.title;
      history.replaceState(null, "", url);
      shown = query;
      form.removeAttribute("aria-busy");
    } catch (error) {
      if (error.name === "AbortError") return;
      form.removeAttribute("aria-busy");
    }
  };

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(load, quietMs);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    load().catch(() => {}); // The page stays as it is, and the next change tries again.
  });
}
