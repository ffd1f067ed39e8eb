// Errors of callers. What clients do wrong is a denial, never one of these.

/** What callers can do wrong. */
export type KeywardErrorCode =
  | "invalid_option"
  | "invalid_request"
  | "body_unavailable"
  | "verifier_closed"
  | "cannot_sign";

/** The API was used wrongly. `code` is stable; `message` says what to write instead. */
export class KeywardError extends Error {
  override readonly name = "KeywardError";
  readonly code: KeywardErrorCode;

  constructor(code: KeywardErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
