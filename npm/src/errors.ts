// Errors of callers. What clients do wrong is a denial, never one of these.

/** What callers can do wrong. */
export type KeywardErrorCode =
  | "invalid_option"
  | "invalid_request"
  | "body_unavailable"
  | "verifier_closed"
  | "cannot_sign";

/**
 * The API was used wrongly. `code` is stable; `message` says what to write instead.
 *
 * @example
 * ```ts
 * import { KeywardError, createSigner } from "keyward";
 *
 * try {
 *   createSigner({ keyId: "kwk_1", secret: "" });
 * } catch (error) {
 *   if (!(error instanceof KeywardError)) throw error;
 *   console.log(error.code);
 * }
 * ```
 */
export class KeywardError extends Error {
  override readonly name = "KeywardError";
  readonly code: KeywardErrorCode;

  constructor(code: KeywardErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
