/**
 * Uploads with progress. A form with `data-upload` is sent in the background; the page that it leads to is shown when all is sent. A
 * form that is refused takes over what the response shows in `main`. Without this file the form works by being sent.
 */
function send(form) {
  const [area, stop] = [form.querySelector(".progress"), form.querySelector("[data-stop]")];
  const [bar, text] = [area.querySelector("progress"), area.querySelector("output")];
  const request = new XMLHttpRequest();

  const show = (isSending) => {
    stop.hidden = !isSending;
    bar.hidden = !isSending;
    for (const button of form.querySelectorAll("button[type=submit]")) button.disabled = isSending;
  };
  const fail = (reason) => {
    show(false);
    text.textContent = reason;
  };

  request.upload.addEventListener("progress", ({ loaded, total }) => {
    bar.value = total > 0 ? loaded / total : 0;
    text.textContent =
      loaded < total ? `${Math.floor((100 * loaded) / total)}% sent` : "Sent. Waiting for the response.";
  });
  request.addEventListener("load", () => {
    if (request.status < 400 && request.responseURL !== form.action) {
      location.assign(request.responseURL);
      return;
    }
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    const main = page.querySelector("main");
    if (!main) {
      fail(`The upload failed with status ${request.status}.`);
      return;
    }
    document.querySelector("main").replaceWith(main);
    main.querySelector("[role=alert]")?.focus();
  });
  request.addEventListener("error", () => fail("The connection was lost. Check what has arrived before you retry."));
  request.addEventListener("abort", () => fail("Stopped."));
  stop.onclick = () => request.abort();
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "text/html");
  area.hidden = false;
  bar.value = 0;
  text.textContent = "";
  show(true);
  request.send(new FormData(form));
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-upload]")) return;
  event.preventDefault();
  send(event.target);
});
