import { createConfig, lintFromString } from "@redocly/openapi-core";
import spectralCore, { type RulesetDefinition } from "@stoplight/spectral-core";
import rulesets from "@stoplight/spectral-rulesets";

const redocly = await createConfig({
  extends: ["recommended"],
  rules: {
    // A fixed path beside a parameter (/ingest/loads and /ingest/{table}) is meant so: the fixed one is served.
    "no-ambiguous-paths": "off",
    // A form that a browser posts always ends in a redirection.
    "operation-2xx-response": "off",
  },
});

const spectral = new spectralCore.Spectral();
spectral.setRuleset({
  extends: [[rulesets.oas as RulesetDefinition, "recommended"]],
  rules: {
    // OpenAPI 3.1 allows scopes ("roles") for every kind of security scheme, 3.0 for OAuth alone.
    "oas3-operation-security-defined": "off",
    // An installation's contact is its operator's.
    "info-contact": "off",
    // Every operation has a summary; a description says what is more than that.
    "operation-description": "off",
  },
});

/** What Redocly's and Spectral's recommended rules object to in an OpenAPI document, one text each. */
export async function lintDocument(text: string): Promise<string[]> {
  const byRedocly = await lintFromString({ source: text, absoluteRef: "openapi.json", config: redocly });
  const bySpectral = await spectral.run(JSON.parse(text));
  return [
    ...byRedocly.map((one) => `${one.ruleId}: ${one.message} ${one.location[0]?.pointer}`),
    ...bySpectral.map((one) => `${one.code}: ${one.message} #/${one.path.join("/")}`),
  ];
}
