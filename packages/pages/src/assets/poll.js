/**
 * Rows that follow a state until it is final. Every element with `data-poll` is replaced, every so many seconds, by the element
 * with its id on the page as it is by then; one that comes without `data-poll` is final. Nothing is loaded while the page is hidden.
 */
const polled = () => [...document.querySelectorAll("[data-poll][id]")];
const secondsOf = (rows) => Math.min(...rows.map((row) => Number(row.dataset.poll) || 2));

const update = async () => {
  const rows = polled();
  if (rows.length === 0) return;
  if (!document.hidden) {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => undefined);
    if (response?.ok && !response.redirected) {
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      for (const row of rows) {
        const fresh = page.getElementById(row.id);
        if (!fresh)
          row.removeAttribute("data-poll"); // It is no longer on this page.
        else if (!row.contains(document.activeElement) && !fresh.isEqualNode(row)) row.replaceWith(fresh);
      }
    }
  }
  schedule();
};

function schedule() {
  const rows = polled();
  if (rows.length > 0) setTimeout(update, secondsOf(rows) * 1000);
}

schedule();
