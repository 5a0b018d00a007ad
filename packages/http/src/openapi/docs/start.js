// Shows an OpenAPI document in Swagger UI. The data- attributes of this script's element are its settings: `document` is the
// path of the document, `client` the OAuth client id of the documentation, `redirect` the path of its redirect page.
const settings = document.currentScript.dataset;

const dark = matchMedia("(prefers-color-scheme: dark)");
const followColorScheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followColorScheme);
followColorScheme();

/** A filter for path, summary, operation id and group, which opens the groups that it finds something in. */
const filterPlugin = () => {
  const textOf = (tag, entry) => {
    const operation = entry.get("operation");
    const parts = [tag, entry.get("method"), entry.get("path"), operation.get("summary"), operation.get("operationId")];
    return parts.join(" ").toLowerCase();
  };
  const opsFilter = (groups, phrase) => {
    const words = phrase.toLowerCase().split(/\s+/);
    const found = (tag) => (entry) => words.every((word) => textOf(tag, entry).includes(word));
    return groups
      .map((group, tag) => group.update("operations", (operations) => operations.filter(found(tag))))
      .filter((group) => group.get("operations").size > 0);
  };
  const isShown =
    (original, { layoutSelectors }) =>
    // The original is bound to its state, so it does not take one.
    (_state, thing, byDefault) => {
      const filter = layoutSelectors.currentFilter();
      const opened = typeof filter === "string" && filter.length > 1 && thing[0] === "operations-tag";
      return opened || original(thing, byDefault);
    };
  const FilterContainer =
    (_original, { React, layoutActions }) =>
    () => {
      const timer = React.useRef();
      const onChange = ({ target }) => {
        clearTimeout(timer.current);
        timer.current = setTimeout(() => layoutActions.updateFilter(target.value), 200);
      };
      const label = "Filter by path, summary or group";
      const input = {
        type: "search",
        className: "operation-filter-input",
        placeholder: label,
        "aria-label": label,
        onChange,
      };
      return React.createElement("div", { className: "filter wrapper" }, React.createElement("input", input));
    };
  return {
    fn: { opsFilter },
    statePlugins: { layout: { wrapSelectors: { isShown } } },
    wrapComponents: { FilterContainer },
  };
};

/** Keeps the authorization in the tab's session storage, so that it outlives a reload but not the tab. */
const sessionPlugin = () => {
  const persistAuthorizationIfNeeded =
    (_original, { authSelectors }) =>
    () => {
      sessionStorage.setItem(settings.client, JSON.stringify(authSelectors.authorized()));
    };
  return { statePlugins: { auth: { wrapActions: { persistAuthorizationIfNeeded } } } };
};

const restoreAuthorization = () => {
  const authorized = sessionStorage.getItem(settings.client);
  if (authorized) window.ui.authActions.restoreAuthorization({ authorized: JSON.parse(authorized) });
};

/** Opens the authorization dialog at its first field: Swagger UI's own focus would scroll it down to the last. */
const firstFieldPlugin = () => {
  const AuthorizationPopup =
    (Original, { React }) =>
    (props) => {
      React.useEffect(() => document.querySelector(".modal-ux-content input")?.focus(), []);
      return React.createElement(Original, props);
    };
  return { wrapComponents: { authorizationPopup: AuthorizationPopup } };
};

/** Highlighting takes seconds for some hundred kilobytes: long texts are shown plain. */
const plainTextPlugin = () => {
  const longestHighlighted = 20_000;
  const SyntaxHighlighter =
    (Original, { React }) =>
    (props) =>
      props.children.length > longestHighlighted
        ? React.createElement("pre", { className: "microlight" }, props.children)
        : React.createElement(Original, props);
  return { wrapComponents: { SyntaxHighlighter } };
};

window.ui = SwaggerUIBundle({
  url: settings.document,
  dom_id: "#docs",
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  filter: true,
  validatorUrl: null,
  oauth2RedirectUrl: location.origin + settings.redirect,
  plugins: [filterPlugin, sessionPlugin, firstFieldPlugin, plainTextPlugin],
  onComplete: restoreAuthorization,
});
window.ui.initOAuth({ clientId: settings.client, appName: "Quintet", usePkceWithAuthorizationCodeGrant: true });

// The redirect page has no `window.opener`: the sign-in pages isolate their window from its opener. So it sends the issuer's
// response to all documentation pages of this origin, and the one that sent the request knows its `state`.
new BroadcastChannel(settings.client).onmessage = ({ data }) => {
  const request = window.swaggerUIRedirectOauth2;
  const response = new URLSearchParams(data);
  if (!request || response.get("state") !== request.state) return;
  delete window.swaggerUIRedirectOauth2;
  const { auth, redirectUrl } = request;
  const code = response.get("code");
  const message = response.get("error_description") ?? response.get("error") ?? "The issuer sent no code.";
  if (code) request.callback({ auth: { ...auth, code }, redirectUrl });
  else request.errCb({ authId: auth.name, source: "auth", level: "error", message });
};
