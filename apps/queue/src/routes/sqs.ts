import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { errorResponse, formType, type ServiceEnv } from "@quintet/http";
import type { Deps } from "../deps.ts";
import { sqsRequests } from "../sqs/sqs-requests.ts";

const jsonType = "application/x-amz-json-1.0";

const description = `The protocol of Amazon SQS (2012-11-05) for its SDKs and CLI, unchanged. To switch:

1. \`POST /queue/access-keys\` gives \`AWS_ACCESS_KEY_ID\` and \`AWS_SECRET_ACCESS_KEY\`.
2. Set the endpoint to this URL: \`AWS_ENDPOINT_URL_SQS\`, \`new SQSClient({ endpoint, region })\` or \`boto3.client("sqs", endpoint_url=…)\`. Any region does.

A queue made here is the one of that name below \`/queue/queues\`; a key acts for its account. What differs from AWS: names are unique in the
installation, a receipt handle ends with its visibility timeout, a purge is complete at once, encryption attributes and policies with
conditions are refused.

Both forms are served: AWS JSON 1.0 (the action in \`X-Amz-Target: AmazonSQS.SendMessage\`, its input as the body) and Query
(\`Action=SendMessage&…\` as a form or in the URL, XML in return). Requests are signed with Signature Version 4. Errors are those of SQS, in the
form of the protocol. A queue has the path \`/queue/sqs/{account}/{queue}\`, which takes the same requests.`;

/** Adds the SQS protocol: `/queue/sqs`, and the paths of queues below it. */
export function addSqsRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, maxBodyBytes: number): void {
  const serve = sqsRequests(deps, maxBodyBytes);
  const input = app.openAPIRegistry.registerComponent("schemas", "SqsInput", {
    type: "object",
    description: "The input of an action, as the API reference of Amazon SQS describes it",
    additionalProperties: true,
  });
  const output = app.openAPIRegistry.registerComponent("schemas", "SqsOutput", {
    type: "object",
    description: "The result of an action, or an error with `__type` and `message`",
    additionalProperties: true,
  });
  const response = (text: string) => ({
    description: text,
    content: { [jsonType]: { schema: output.ref }, "text/xml": { schema: { type: "string" as const } } },
  });
  const failure = (text: string) => {
    const own = response(
      `${text}; a problem document when the request does not reach the protocol, as with an invalid URL`,
    );
    return { ...own, content: { ...own.content, ...errorResponse("").content } };
  };
  const queueParams = z.strictObject({
    account: z
      .string()
      .describe("Account of the queue: 12 digits in the URLs that are returned here; it is not looked at"),
    queue: z.string().describe("Name of the queue"),
  });
  const operation = (method: "get" | "post", path: string) =>
    createRoute({
      ...guards(deps.auth).open(),
      method,
      path,
      tags: ["Amazon SQS"],
      summary: path === "/sqs" ? "Call an action of Amazon SQS" : "Call an action of Amazon SQS on a queue",
      description:
        method === "post" ? description : "The Query protocol of `POST /queue/sqs`, with its parameters in the URL.",
      request: {
        ...(path === "/sqs" ? {} : { params: queueParams }),
        ...(method === "get"
          ? {}
          : {
              body: {
                required: true,
                content: { [jsonType]: { schema: input.ref }, [formType]: { schema: input.ref } },
              },
            }),
      },
      responses: {
        200: response("The result of the action"),
        "4XX": failure("An error of the request, such as `QueueDoesNotExist` or `SignatureDoesNotMatch`"),
        "5XX": failure("An error of this service"),
      },
    });
  for (const path of ["/sqs", "/sqs/{account}/{queue}"]) {
    for (const method of ["get", "post"] as const) {
      const route = operation(method, path);
      app.openAPIRegistry.registerPath(route);
      app.on(method.toUpperCase(), [route.getRoutingPath(), `${route.getRoutingPath()}/`], serve);
    }
  }
}
