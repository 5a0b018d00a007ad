import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { csrfProtection, guards } from "@quintet/auth";
import {
  errorPageResponse,
  formBody,
  htmlContent,
  type InputFault,
  noQuery,
  Problem,
  type ServiceEnv,
} from "@quintet/http";
import { leaveNotice, type PageFrame, sendPage } from "@quintet/pages";
import type { Context } from "hono";
import type { Deps } from "../deps.ts";
import { editPage, type PropertyTexts, textsOf } from "../pages/edit-page.ts";
import { propertyPath } from "../pages/frame.ts";
import { fieldsWith, propertyFields } from "../pages/property-fields.ts";
import { changeProperty, readProperty } from "../properties/properties.ts";
import type { Property, PropertyChanges } from "../properties/property.ts";
import { propertyEtag } from "../properties/versions.ts";
import { propertyInput, validForm } from "./property-input.ts";
import { idParam, propertyChangesSchema } from "./schemas.ts";

const editForm = z.strictObject({
  ...Object.fromEntries(
    propertyFields.map(({ name, label }) => [name, z.string().default("").openapi({ description: label })]),
  ),
  version: z.string().max(200).default("").openapi({ description: "The ETag of the version that was edited" }),
});

/** Adds the form that changes a property, which shows both versions when somebody else has changed it meanwhile. */
export function addEditPage(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame): void {
  const { db, auth } = deps;
  const guard = guards(auth);
  const again = errorPageResponse("The form with its errors; the input is kept");
  const send = async <E extends ServiceEnv>(
    c: Context<E>,
    property: Property,
    given: { texts?: PropertyTexts; version?: string; faults?: InputFault[]; status?: 412 | 422 } = {},
  ) => {
    const { columns } = await db.source();
    const present = textsOf(property);
    const { texts = present, version = propertyEtag(property), faults = [], status } = given;
    const overtaken = status === 412 ? { present, version: propertyEtag(property) } : { version };
    const body = editPage({ property, fields: fieldsWith(columns), texts, faults, ...overtaken });
    return sendPage(c, frame, { title: "Edit", body, ...(status && { status }) });
  };
  const common = { path: "/{id}/actions/edit", tags: ["properties pages"] };

  app.openapi(
    createRoute({
      ...guard.staff("properties:write"),
      ...common,
      method: "get",
      summary: "Page: change a property",
      description: "The page with the form.",
      request: { params: idParam, ...noQuery },
      responses: { 200: { description: "The page", content: htmlContent } },
    }),
    async (c) => send(c, await readProperty(db, c.req.valid("param").id, true)),
  );
  app.openapi(
    createRoute({
      ...guard.staff("properties:write", csrfProtection(auth)),
      ...common,
      method: "post",
      summary: "Change a property by form",
      description:
        "Redirects to the page of the property. 412: it has changed since the form was opened, and is not what the form says.",
      request: { params: idParam, ...noQuery, ...formBody(editForm) },
      responses: { 303: { description: "Done; the next page is in Location" }, 412: again, 422: again },
    }),
    async (c) => {
      const { id } = c.req.valid("param");
      const { version = "", ...texts } = c.req.valid("form") as PropertyTexts;
      const { columns } = await db.source();
      try {
        const changes = validForm(propertyChangesSchema, propertyInput(texts, columns));
        await changeProperty(db, id, changes, version).catch(async (error: unknown) => {
          if (!isOvertaken(error) || !hasAll(await readProperty(db, id, true), changes)) throw error;
        });
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (isOvertaken(error)) return send(c, await readProperty(db, id, true), { texts, status: 412 });
        if (error.code !== "unprocessable") throw error;
        const refusal = { texts, version, faults: error.errors ?? [], status: 422 as const };
        return send(c, await readProperty(db, id, true), refusal);
      }
      leaveNotice(c, "saved");
      return c.redirect(propertyPath(id), 303);
    },
  );
}

function isOvertaken(error: unknown): boolean {
  return error instanceof Problem && error.code === "precondition-failed";
}

/** Whether a property is what the changes would make of it, as after a form that was sent twice. */
function hasAll(property: Property, changes: PropertyChanges): boolean {
  return Object.entries(changes).every(([name, value]) => (property[name as keyof Property] ?? null) === value);
}
