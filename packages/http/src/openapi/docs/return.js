// Sends the issuer's response to the documentation page that asked for it (start.js), and closes this window.
new BroadcastChannel(document.currentScript.dataset.client).postMessage(location.search);
history.replaceState(null, "", location.pathname);
window.close();
