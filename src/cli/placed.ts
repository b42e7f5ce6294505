import { isPkiError, PkiError } from '../errors.ts';

/** The same error, with the files that it names as they are called here. */
function placed(error: unknown, placeOf: (path: string) => string): unknown {
  const hintOf = ({ hint }: PkiError): { readonly hint?: string } => (hint === undefined ? {} : { hint });
  if (isPkiError(error, 'ERR_REFUSED')) {
    const findings = error.detail.findings.map((finding) => ({ ...finding, path: placeOf(finding.path) }));
    const detail = { ...error.detail, findings };
    return new PkiError('ERR_REFUSED', error.message, { detail, ...hintOf(error), cause: error });
  }
  if (isPkiError(error, 'ERR_OBSTACLE')) {
    const obstacles = error.detail.obstacles.map((one) => ({ ...one, path: placeOf(one.path) }));
    const says = obstacles.map(
      ({ path, expected, found }) => `${path}: expected ${expected}, found ${found}`,
    );
    return new PkiError('ERR_OBSTACLE', says.join('; '), {
      detail: { obstacles },
      ...hintOf(error),
      cause: error,
    });
  }
  return error;
}

/** What a pure verb resolves to; its errors name files where they lie. */
export async function placedError<T>(placeOf: (path: string) => string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw placed(error, placeOf);
  }
}
