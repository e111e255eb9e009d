/** TLS alerts by number (RFC 8446 §6, IANA), and which of them refuse what was offered. */

const NAMES: Readonly<Record<number, string>> = {
  0: 'close_notify',
  10: 'unexpected_message',
  20: 'bad_record_mac',
  22: 'record_overflow',
  40: 'handshake_failure',
  42: 'bad_certificate',
  43: 'unsupported_certificate',
  46: 'certificate_unknown',
  47: 'illegal_parameter',
  48: 'unknown_ca',
  49: 'access_denied',
  50: 'decode_error',
  51: 'decrypt_error',
  70: 'protocol_version',
  71: 'insufficient_security',
  80: 'internal_error',
  86: 'inappropriate_fallback',
  90: 'user_canceled',
  109: 'missing_extension',
  110: 'unsupported_extension',
  112: 'unrecognized_name',
  116: 'certificate_required',
  120: 'no_application_protocol',
};

export function alertName(code: number): string {
  return NAMES[code] ?? 'unknown';
}

/**
 * Whether an alert says no to the version, or to every suite offered with it: handshake_failure,
 * protocol_version, insufficient_security. Any other may mean anything: OpenSSL 3 says internal_error for a
 * version that its security level leaves no signature for.
 */
export function isRefusal(code: number): boolean {
  return code === 40 || code === 70 || code === 71;
}
