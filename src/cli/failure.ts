import { isPkiError, PkiError, type PkiErrorCode } from '../errors.ts';
import { errorJson, errorLines } from '../report/errors.ts';
import { EXIT, printData, printMessages } from './terminal.ts';

const EXIT_CODES: Readonly<Record<PkiErrorCode, number>> = {
  ERR_USAGE: EXIT.usage,
  ERR_CONFIG: EXIT.usage,
  ERR_REFUSED: EXIT.refused,
  ERR_PEM: EXIT.refused,
  ERR_CERTIFICATE: EXIT.refused,
  ERR_KEY: EXIT.refused,
  ERR_KUBECONFIG: EXIT.refused,
  ERR_STORE: EXIT.refused,
  ERR_SOURCE: EXIT.refused,
  ERR_SEALED: EXIT.refused,
  ERR_LOCKED: EXIT.refused,
  ERR_OBSTACLE: EXIT.refused,
  ERR_CLOCK: EXIT.refused,
  ERR_INTERRUPTED: EXIT.SIGINT,
  ERR_SELF_CHECK: EXIT.defect,
};

function exitCodeOf(error: PkiError): number {
  const isTerminated = isPkiError(error, 'ERR_INTERRUPTED') && error.detail.signal === 'SIGTERM';
  return isTerminated ? EXIT.SIGTERM : EXIT_CODES[error.code];
}

/** How an error is to be shown. */
export interface FailureOptions {
  readonly isJson: boolean;
  readonly isDebug: boolean;
  readonly pathOf?: (logicalPath: string) => string;
}

/**
 * Shows an error to whoever called and says with which code to exit. Anything that is no `PkiError` is a defect of this
 * program: its message is shown, its stack only with --debug.
 */
export function fail(error: unknown, options: FailureOptions): number {
  const { isJson, isDebug, pathOf = (path) => path } = options;
  if (error instanceof PkiError) {
    printMessages(errorLines(error, pathOf));
    if (isJson) printData([JSON.stringify(errorJson(error, pathOf), null, 2)]);
    if (isDebug) printMessages([error.stack ?? '']);
    return exitCodeOf(error);
  }
  const message = error instanceof Error ? error.message : String(error);
  printMessages([
    `error: ${message}`,
    '  hint: this is a defect of k8s-pki, please report it with the output of the same command and --debug',
  ]);
  if (isDebug && error instanceof Error) printMessages([error.stack ?? '']);
  return EXIT.defect;
}
