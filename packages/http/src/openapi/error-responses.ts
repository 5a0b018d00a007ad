/** What a call may answer beside what its route says of itself, as its document tells it. */

/** As much of an OpenAPI operation as is looked at here. */
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

/** Marks a route whose path has a parameter and which nevertheless is never a 404. It does not come into the document. */
export const never404 = "x-never-404";

/** Marks a route that honours `Idempotency-Key`; it does not come into the document. */
export const acceptsIdempotencyKey = "x-accepts-idempotency-key";

const page = { "text/html": { schema: { type: "string" as const } } };
const problemOf = (schema: string) => ({
  "application/problem+json": { schema: { $ref: `#/components/schemas/${schema}` } },
});
const problem = problemOf("Problem");

/**
 * An error response for a route's `responses`, where there is more to say of it than holds for every call. `schema` names the one
 * that the app has registered for problems with further members.
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
  BadRequest: common("A parameter is wrong or not known here; each fault is named"),
  Unauthenticated: {
    ...common("Credentials are missing where they are needed, or are not good"),
    headers: { "WWW-Authenticate": { description: "What would be taken", schema: { type: "string" } } },
  },
  Forbidden: common("The account, or the scope of its token, does not allow it"),
  NotFound: common("There is no such thing"),
  KeyInUse: common("A request with this Idempotency-Key is still in flight"),
  TooLarge: common("The body is too large"),
  OtherMediaType: common("The body is of another media type"),
  BadBody: common(
    "The body is wrong, and each fault is named; or its Idempotency-Key came with another request before",
  ),
  Failed: {
    ...common(
      "What may happen to any call: too many requests (429), a fault here (500), something that it needs is away (503) or full (507), …",
    ),
    headers: { "Retry-After": { description: "Seconds, where waiting helps", schema: { type: "integer" } } },
  },
};

const location = { Location: { description: "Where to", schema: { type: "string" } } };

/** Where a browser is sent whose sign-in has to begin, or to be renewed, before it gets its page. */
const redirects = {
  SignInFirst: { description: "A browser goes to sign in, and comes back", headers: location },
  RenewFirst: { description: "A browser's sign-in is renewed, and its form comes back as it was", headers: location },
};

const keyParameter = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description:
    "1 to 255 printable ASCII characters. For two days the same request with the key gets the first response again, with " +
    "Idempotency-Replayed: true, and another request a 422. A request that was refused or failed leaves the key free",
  schema: { type: "string", maxLength: 255, pattern: "^[\\x21-\\x7e]+$", example: "2b1f7c1e" },
};

/** What the operations of a document refer to: those refusals and parameters that some of them does. */
export function sharedComponents(paths: object) {
  const text = JSON.stringify(paths);
  const used = (kind: string, parts: [string, object][]) =>
    Object.fromEntries(parts.filter(([name]) => text.includes(`"#/components/${kind}/${name}"`)));
  return {
    responses: used("responses", Object.entries({ ...errorResponses, ...redirects })),
    parameters: used("parameters", [["IdempotencyKey", keyParameter]]),
  };
}

/** Whether a browser gets pages from an operation, also of what went wrong: it answers one, or leads on to one. */
export function isPage({ responses = {} }: Operation): boolean {
  return (
    responses["303"] !== undefined ||
    Object.values(responses).some(({ content }) => content?.["text/html"] !== undefined)
  );
}

/** An operation with the refusals that follow from what it takes. What the route says of a status itself stays. */
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
  const told = added.filter(([status, , given]) => given && (status === "default" || own["4XX"] === undefined));
  const refused = told.map(([status, name]) => [status, { $ref: `#/components/responses/${name}` }]);
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
