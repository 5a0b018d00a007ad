export { ConfigError, StartRefused } from "@quintet/workers";
export { isTimeout, isUnavailable, toProblem } from "./errors/faults.ts";
export { fullStorage } from "./errors/full-storage.ts";
export { inputFaults } from "./errors/input-faults.ts";
export { type InputFault, Problem, type ProblemBody, type ProblemCode, problemBody } from "./errors/problem.ts";
export type { ProblemPage, ServiceFrame } from "./errors/problem-pages.ts";
export { sendProblem } from "./errors/raw-problem.ts";
export { type CurrentRequest, currentRequest, inRequest } from "./observability/current-request.ts";
export { deadline } from "./observability/deadline.ts";
export {
  type HealthCheck,
  HealthCheckError,
  HealthDetails,
  type HealthReport,
  type HealthStatus,
  healthReport,
  type OverallHealth,
} from "./observability/health.ts";
export { type JointRequest, jointRequest } from "./observability/joint-request.ts";
export { createLogger, type Logger, loggers } from "./observability/logger.ts";
export { counter, gauge } from "./observability/metrics/registry.ts";
export { latencyBounds, type RequestTotals, requestTotals } from "./observability/metrics/request-metrics.ts";
export { observation, openObservation } from "./observability/observation.ts";
export { pathOf } from "./observability/path-of.ts";
export { RequestRecord, recordOf, type UpstreamRecord } from "./observability/request-record.ts";
export type { ObservationConfig } from "./observability/settings.ts";
export type { Span } from "./observability/span.ts";
export { docsClientId, docsPages, docsRedirectPath } from "./openapi/docs.ts";
export { acceptsIdempotencyKey, errorPageResponse, errorResponse, never404 } from "./openapi/error-responses.ts";
export {
  formBody,
  htmlContent,
  jsonBody,
  jsonResponse,
  noQuery,
  openApiDocument,
  problemSchema,
  unvalidatedJson,
} from "./openapi/openapi.ts";
export { withBodyReclaim } from "./server/body-reclaim.ts";
export { disableAutoContinue, expectsContinue } from "./server/expectation.ts";
export { type Handshake, handshakeOf } from "./server/handshake.ts";
export { type MetricsSettings, metricsText, metricsType, serveMetrics } from "./server/metrics-server.ts";
export { pipeline, type Step } from "./server/pipeline.ts";
export { rejectAmbiguous } from "./server/reject-ambiguous.ts";
export { type Listening, listenerOf, type ServeOptions, serve, type WebApp } from "./server/serve.ts";
export { readKeyPair } from "./server/tls/certificate.ts";
export { acceptedType, acceptWeight } from "./service/accept.ts";
export { bodyValidator, validateBody } from "./service/body.ts";
export { csvField, withoutFormula } from "./service/csv-field.ts";
export { encodingFaults, readFormText } from "./service/encoded-input.ts";
export { etagOf, ifMatch, ifNoneMatch, ifRange } from "./service/entity-tags.ts";
export {
  honoursIdempotencyKey,
  type IdempotencyState,
  type IdempotencyStore,
  idempotent,
  keyedForm,
  keyHours,
  keyMismatch,
} from "./service/idempotency.ts";
export { lazy } from "./service/json-document.ts";
export { formType, isJsonType, mediaTypeOf } from "./service/media-type.ts";
export { cursorParam, decodeCursor, deriveKey, encodeCursor, limitParam, wholeNumber } from "./service/paging.ts";
export { nest } from "./service/pipeline.ts";
export { createService, type ServiceOptions } from "./service/service.ts";
export { startedTexts, textStream } from "./service/text-stream.ts";
export { isVisible, mustBeVisible } from "./service/visible-text.ts";
export { acceptsInterim, acceptsProcessing, beginWaiting, eventStream, waitingMark } from "./service/waiting.ts";
export type { AppLink, KeyedRequest, ServiceEnv } from "./service-env.ts";
export { type RedisAddress, redisAddress } from "./settings/redis-url.ts";
export { openText, sealText } from "./settings/sealed-text.ts";
export { withDefaults } from "./settings/setting-files.ts";
export { readEnv, type SettingRule, separatePorts, setTogether, settings } from "./settings/settings.ts";
export { plainAddress, type TrustedProxies, trustedProxies } from "./settings/trusted-proxies.ts";
export { readSignatureClaim, SignatureError, type SignedParts } from "./signature/signed-request.ts";
export { checkSignatureTime, verifySignature } from "./signature/verify.ts";
