/** An error of Amazon SQS as both protocols show it. */
interface ErrorKind {
  /** Its name in the JSON protocol, the part of `__type` behind the `#`; the code itself by default. */
  type?: string;
  /** The code of the Query protocol; the same by default. */
  query?: string;
  /** 400 by default. */
  status?: number;
  /** Whether the fault is ours: `Receiver` instead of `Sender`. */
  ours?: boolean;
}

const ofQueueService = (name: string, kind: ErrorKind = {}): ErrorKind => ({
  query: `AWS.SimpleQueueService.${name}`,
  ...kind,
});

/** The errors of the model of SQS (2012-11-05), and those that all AWS services have. */
const kinds = {
  BatchEntryIdsNotDistinct: ofQueueService("BatchEntryIdsNotDistinct"),
  BatchRequestTooLong: ofQueueService("BatchRequestTooLong"),
  EmptyBatchRequest: ofQueueService("EmptyBatchRequest"),
  InvalidAddress: { status: 404 },
  InvalidAttributeName: {},
  InvalidAttributeValue: {},
  InvalidBatchEntryId: ofQueueService("InvalidBatchEntryId"),
  InvalidMessageContents: {},
  MessageNotInflight: ofQueueService("MessageNotInflight"),
  OverLimit: { status: 403 },
  PurgeQueueInProgress: ofQueueService("PurgeQueueInProgress", { status: 403 }),
  QueueDoesNotExist: ofQueueService("NonExistentQueue"),
  QueueNameExists: { query: "QueueAlreadyExists" },
  ReceiptHandleIsInvalid: { status: 404 },
  RequestThrottled: { status: 403 },
  ResourceNotFoundException: { status: 404 },
  TooManyEntriesInBatchRequest: ofQueueService("TooManyEntriesInBatchRequest"),
  UnsupportedOperation: ofQueueService("UnsupportedOperation"),

  AccessDenied: { type: "AccessDeniedException", status: 403 },
  IncompleteSignature: { type: "IncompleteSignatureException" },
  InternalFailure: { status: 500, ours: true },
  InvalidAction: { type: "UnknownOperationException" },
  InvalidClientTokenId: { type: "UnrecognizedClientException", status: 403 },
  InvalidParameterValue: { type: "InvalidParameterValueException" },
  MalformedInput: { type: "SerializationException" },
  MissingAction: { type: "UnknownOperationException" },
  MissingAuthenticationToken: { type: "MissingAuthenticationTokenException", status: 403 },
  MissingParameter: { type: "MissingRequiredParameterException" },
  RequestEntityTooLarge: { type: "RequestEntityTooLargeException", status: 413 },
  RequestExpired: { type: "RequestExpired" },
  ServiceUnavailable: { type: "ServiceUnavailableException", status: 503, ours: true },
  SignatureDoesNotMatch: { type: "InvalidSignatureException", status: 403 },
  UnsupportedMediaType: { type: "UnsupportedMediaTypeException", status: 415 },
} satisfies Record<string, ErrorKind>;

export type SqsErrorName = keyof typeof kinds;

/** An error of an action. `name` is that of the table above, and the same word for both protocols. */
export class SqsError extends Error {
  override readonly name: SqsErrorName;
  readonly status: number;
  /** The code of the Query protocol. */
  readonly queryCode: string;
  /** The `__type` of the JSON protocol. */
  readonly jsonType: string;
  readonly senderFault: boolean;
  readonly headers: Record<string, string>;

  constructor(
    name: SqsErrorName,
    message: string,
    options: { cause?: unknown; headers?: Record<string, string> } = {},
  ) {
    super(message, { cause: options.cause });
    const { type, query, status = 400, ours = false }: ErrorKind = kinds[name];
    this.name = name;
    this.status = status;
    this.queryCode = query ?? name;
    this.jsonType = type === undefined ? `com.amazonaws.sqs#${name}` : `com.amazon.coral.service#${type}`;
    this.senderFault = !ours;
    this.headers = options.headers ?? {};
  }
}
