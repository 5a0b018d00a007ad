export { ConfigError, StartRefused } from "@quintet/workers";
export { admitBody, bodyAdmitted } from "./body.ts";
export { givingMemoryBack } from "./body-memory.ts";
export { readEnv, type SettingRule, separatePorts, settings, together } from "./config.ts";
export { deadline } from "./deadline.ts";
export { docsClientId, docsPages, docsRedirectPath } from "./docs.ts";
export { madeOnce } from "./document-answer.ts";
export { encodingFaults, readFormText } from "./encoded-input.ts";
export { ifMatch, ifNoneMatch, ifRange } from "./entity-tags.ts";
export { expectsContinue, inviteByHand } from "./expectation.ts";
export { isAway, isTimeout, toProblem } from "./faults.ts";
export { fullStorage } from "./full-storage.ts";
export { type Handshake, handshakeOf } from "./handshake.ts";
export {
  type HealthCheck,
  type HealthReport,
  type HealthStatus,
  healthReport,
  type OverallHealth,
  Unwell,
} from "./health.ts";
export {
  type IdempotencyState,
  type IdempotencyStore,
  idempotent,
  isIdempotent,
  keyHours,
  keyMismatch,
} from "./idempotency.ts";
export { createLogger, type Logger, loggers } from "./logger.ts";
export { pageRequests } from "./matched-route.ts";
export { type MetricsSettings, metricsText, metricsType, serveMetrics } from "./metrics/metrics-server.ts";
export { counter, gauge } from "./metrics/registry.ts";
export { latencyBounds, type RequestTotals, requestTotals } from "./metrics/request-metrics.ts";
export { type CurrentRequest, currentRequest, inRequest } from "./observing/current-request.ts";
export { type JointRequest, jointRequest } from "./observing/joint-request.ts";
export { observation, openObservation } from "./observing/observation.ts";
export type { ObservationConfig } from "./observing/settings.ts";
export type { Span } from "./observing/span.ts";
export {
  formBody,
  jsonAnswer,
  jsonBody,
  noQuery,
  openApiDocument,
  pageContent,
  problemSchema,
  unreadJson,
} from "./openapi.ts";
export { decodeCursor, deriveKey, encodeCursor, limitParam, wholeNumber } from "./paging.ts";
export { pathOf } from "./path-of.ts";
export { type InputFault, Problem, type ProblemBody, type ProblemCode, problemBody } from "./problem.ts";
export { sendProblem } from "./raw-problem.ts";
export { neverMissing, pageRefusal, refusal, takesIdempotencyKey } from "./refusals.ts";
export { checked } from "./request-check.ts";
export { RequestRecord, recordOf, type UpstreamRecord } from "./request-record.ts";
export { inputFaults } from "./route-input.ts";
export { type Listening, listenerOf, type ServeOptions, serve, type WebApp } from "./serve.ts";
export { createService, type ServiceOptions } from "./service.ts";
export { withDefaults } from "./setting-files.ts";
export { readPair } from "./tls/certificate.ts";
export { plainAddress, type TrustedProxies, trustedProxies } from "./trusted-proxies.ts";
export type { KeyedRequest, ServiceEnv } from "./types.ts";
export { isVisible, mustBeVisible } from "./visible-text.ts";
export { acceptsProcessing, beginWaiting, eventStream, takesInterim, waitingMark } from "./waiting.ts";
