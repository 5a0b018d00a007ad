/**
 * A page that stays fresh. The element with `data-refresh` takes over, every so many seconds, what the same
 * `data-live-part` of the page shows by then; not while nobody looks, nor while something in it has the focus.
 */
const part = document.querySelector("[data-refresh]");

if (part) {
  const refresh = async () => {
    if (document.hidden || part.contains(document.activeElement)) return;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector(`[data-live-part="${part.dataset.livePart}"]`);
      if (fresh) part.replaceChildren(...fresh.childNodes);
      part.removeAttribute("data-stale");
    } catch {
      part.setAttribute("data-stale", "");
    }
  };
  const refreshNow = () => {
    refresh().catch(() => {}); // It is shown as stale, and tried again.
  };
  setInterval(refreshNow, Number(part.dataset.refresh) * 1000);
  document.addEventListener("visibilitychange", refreshNow);
}
