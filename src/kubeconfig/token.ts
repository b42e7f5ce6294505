/** Whom a bearer token makes its holder, and for how long, as far as the token itself says. */
export interface TokenHolder {
  /** The user name; absent where the token says nothing. */
  readonly user?: string;
  readonly notAfter?: Date;
}

/** The claims of a JSON Web Token (RFC 7519); its signature is not looked at. */
function claimsOf(token: string): Readonly<Record<string, unknown>> {
  const [, payload] = /^[\w-]+\.([\w-]+)\.[\w-]*$/.exec(token) ?? [];
  if (payload === undefined) return {};
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null ? { ...claims } : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/**
 * Reads what a bearer token says of its holder. A bootstrap token is an id, which is no secret, and a secret, of which
 * nothing is given.
 */
export function parseToken(token: string): TokenHolder {
  const [, id] = /^([a-z0-9]{6})\.[a-z0-9]{16}$/.exec(token) ?? [];
  if (id !== undefined) return { user: `system:bootstrap:${id}` };
  const { sub, exp } = claimsOf(token);
  const notAfter = typeof exp === 'number' ? new Date(exp * 1000) : undefined;
  return {
    ...(typeof sub === 'string' ? { user: sub } : {}),
    ...(notAfter === undefined || Number.isNaN(notAfter.getTime()) ? {} : { notAfter }),
  };
}
