/** The error responses that an operation has in its document beside those that its route declares. */

/** The part of an OpenAPI operation that is used here. */
export interface Operation {
  operationId?: string;
  tags?: string[];
  security?: Record<string, string[]>[];
  parameters?: object[];
  requestBody?: object;
  responses?: Record<string, { content?: Record<string, unknown> }>;
  [acceptsIdempotencyKey]?: true;
  [never404]?: true;
}

/** Marks a route with a path parameter that never responds with 404. It is removed from the document. */
export const never404 = "x-never-404";

/** Marks a route that honours `Idempotency-Key`. It is removed from the document. */
export const acceptsIdempotencyKey = "x-accepts-idempotency-key";

const page = { "text/html": { schema: { type: "string" as const } } };
const problemOf = (schema: string) => ({
  "application/problem+json": { schema: { $ref: `#/components/schemas/${schema}` } },
});
const problem = problemOf("Problem");

/**
 * An error response for a route's `responses`, where more can be said than for every operation. `schema` names the one that the app
 * has registered for problems with further members.
 */
export function errorResponse(description: string, schema = "Problem") {
  return { description, content: problemOf(schema) };
}

/** An error response with a page of its own, such as a form that is shown again. */
export function errorPageResponse(description: string) {
  return { description, content: { ...problem, ...page } };
}

/** An error response of any route; a browser gets it as a page. */
function common(description: string) {
  return { description, content: { ...problem, ...page } };
}

const errorResponses = {
  BadRequest: common("A parameter is invalid or unknown; `errors` names each"),
  Unauthenticated: {
    ...common("Credentials are missing or invalid"),
    headers: { "WWW-Authenticate": { description: "The accepted authentication schemes", schema: { type: "string" } } },
  },
  Forbidden: common("The account or the scope of its token does not allow this"),
  NotFound: common("Resource not found"),
  KeyInUse: common("A request with this Idempotency-Key is still in flight"),
  TooLarge: common("The body is too large"),
  OtherMediaType: common("The media type of the body is not supported"),
  BadBody: common(
    "The body is invalid, and `errors` names each fault; or its Idempotency-Key was used for a different request",
  ),
  Failed: {
    ...common(
      "Any other error: too many requests (429), an internal error (500), a required store unavailable (503) or full (507), …",
    ),
    headers: { "Retry-After": { description: "Seconds to wait before a retry", schema: { type: "integer" } } },
  },
};

const location = { Location: { description: "The URL to continue at", schema: { type: "string" } } };

/** Redirects of a browser whose sign-in has to begin, or be renewed, before it gets its page. */
const redirects = {
  SignInFirst: { description: "A browser is redirected to sign in, and then back", headers: location },
  RenewFirst: { description: "A browser's session is renewed, and its form is submitted again", headers: location },
};

const keyParameter = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description:
    "1 to 255 printable ASCII characters. For 48 hours the same request with the key gets the first response again, with " +
    "Idempotency-Replayed: true, and a different request gets a 422. A request that was rejected or failed leaves the key free",
  schema: { type: "string", maxLength: 255, pattern: "^[\\x21-\\x7e]+$", example: "2b1f7c1e" },
};

/** The shared components of a document: the error responses and parameters that its operations refer to. */
export function sharedComponents(paths: object) {
  const text = JSON.stringify(paths);
  const used = (kind: string, parts: [string, object][]) =>
    Object.fromEntries(parts.filter(([name]) => text.includes(`"#/components/${kind}/${name}"`)));
  return {
    responses: used("responses", Object.entries({ ...errorResponses, ...redirects })),
    parameters: used("parameters", [["IdempotencyKey", keyParameter]]),
  };
}

/** Whether an operation is for browsers: it responds with a page, or redirects to one. */
export function isPage({ responses = {} }: Operation): boolean {
  return (
    responses["303"] !== undefined ||
    Object.values(responses).some(({ content }) => content?.["text/html"] !== undefined)
  );
}

/** An operation with the error responses that follow from its inputs. What the route declares for a status stays. */
export function withErrorResponses(method: string, path: string, operation: Operation): Operation {
  const { [acceptsIdempotencyKey]: keyed, [never404]: lasting, ...rest } = operation;
  const own = operation.responses ?? {};
  const ownForm = own["400"] !== undefined && own["400"].content?.["application/problem+json"] === undefined;
  const takesBody = operation.requestBody !== undefined;
  const guarded = (operation.security ?? []).length > 0;
  const forPeople = isPage(operation);
  const added: [status: string, name: keyof typeof errorResponses, given: boolean][] = [
    ["400", "BadRequest", true],
    ["401", "Unauthenticated", guarded],
    ["403", "Forbidden", guarded],
    ["404", "NotFound", path.includes("{") && !lasting],
    ["409", "KeyInUse", keyed === true],
    ["413", "TooLarge", takesBody],
    ["415", "OtherMediaType", takesBody && !ownForm],
    ["422", "BadBody", (takesBody && !ownForm) || keyed === true],
    ["default", "Failed", true],
  ];
  const documented = added.filter(([status, , given]) => given && (status === "default" || own["4XX"] === undefined));
  const refused = documented.map(([status, name]) => [status, { $ref: `#/components/responses/${name}` }]);
  const redirect = method === "get" ? ["303", "SignInFirst"] : ["307", "RenewFirst"];
  const redirected = forPeople && guarded ? [[redirect[0], { $ref: `#/components/responses/${redirect[1]}` }]] : [];
  const parameters = [
    ...(operation.parameters ?? []),
    ...(keyed ? [{ $ref: "#/components/parameters/IdempotencyKey" }] : []),
  ];
  return {
    ...rest,
    ...(parameters.length > 0 ? { parameters } : {}),
    responses: { ...Object.fromEntries(redirected), ...Object.fromEntries(refused), ...own },
  };
}
