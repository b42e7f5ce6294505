import { randomBytes } from 'node:crypto';
import type { Arguments } from 'yargs';
import { isPkiError, PkiError } from '../errors.ts';
import { readClock } from '../library/clock.ts';
import { issueLines } from '../report/errors.ts';
import { findingLines } from '../report/findings.ts';
import { type UserReport, userJson, userText } from '../report/user.ts';
import { type MadeUser, makeUser, type PlannedUser, planUser } from '../user.ts';
import { generateKeyPair } from '../x509/keys.ts';
import { readCluster } from './cluster-files.ts';
import { valuesOf } from './csv.ts';
import { assertWanted } from './interrupt.ts';
import { ask, canAsk } from './prompt.ts';
import { assertOneStandardInput, secretOf } from './secret-file.ts';
import { assertOutputApart } from './output-file.ts';
import { EXIT, printData, printMessages } from './terminal.ts';
import { textOf } from './words.ts';
import { assertFree, placeOf, writeSecret } from './write-new.ts';

function textsOf(parsed: Arguments, name: string): readonly string[] {
  const given: unknown = parsed[name] ?? [];
  return (Array.isArray(given) ? given : [given]).map(String);
}

/** @throws {PkiError} `ERR_USAGE` where the report is asked for in a form and the kubeconfig itself is printed. */
function assertForm(parsed: Arguments, { isPrinted }: { readonly isPrinted: boolean }): void {
  if (parsed['output'] === 'text' || !isPrinted) return;
  throw new PkiError('ERR_USAGE', 'a kubeconfig on stdout is YAML: --output is for what is told of one', {
    detail: {},
    hint: 'add --output-file or --dry-run',
  });
}

/** The same error, with the kubeconfig as it is called here. */
function named(error: unknown, pathOf: (path: string) => string): unknown {
  if (!isPkiError(error, 'ERR_REFUSED')) return error;
  const findings = error.detail.findings.map((finding) => ({ ...finding, path: pathOf(finding.path) }));
  return new PkiError('ERR_REFUSED', error.message, {
    detail: { ...error.detail, findings },
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error,
  });
}

async function planned(
  parsed: Arguments,
  { now, path }: { readonly now: Date; readonly path: string },
): Promise<{ readonly user: PlannedUser; readonly pathOf: (path: string) => string }> {
  const { values: org, issues } = valuesOf('org', textsOf(parsed, 'org'));
  const token = await secretOf(parsed, 'token', (value) => ({ value }));
  const { source, options, isWhole } = await readCluster(parsed);
  await assertOutputApart(parsed, { directories: source.readFrom });
  const pathOf = (of: string): string => (of === path ? path : source.pathOf(of));
  try {
    const user = await planUser(
      {
        files: source.files,
        readFrom: source.readFrom,
        options,
        isWhole,
        user: {
          clientName: textOf(parsed, 'client-name') ?? '',
          org,
          token: token.value,
          validityPeriod: textOf(parsed, 'validity-period'),
        },
        issues: [...issues, ...token.issues],
        path,
        signers: new Map(),
      },
      now,
    );
    return { user, pathOf };
  } catch (error) {
    throw named(error, pathOf);
  }
}

/**
 * Asks whether a user is meant that nobody can take the power from.
 *
 * @throws {PkiError} `ERR_USAGE` where nobody can be asked; `ERR_REFUSED` where the answer is another one than yes.
 */
async function assertMeant(user: PlannedUser, signal: AbortSignal): Promise<void> {
  if (!canAsk()) {
    throw new PkiError('ERR_USAGE', 'a user whose power nobody can take back has to be meant', {
      detail: {},
      hint: '--yes makes it; a group that is bound to cluster-admin can be unbound again',
    });
  }
  const name = JSON.stringify(user.row.certificate.commonName);
  const answer = await ask(`Make ${name} such a user? Type yes: `, {
    signal,
    isSecret: false,
  });
  if (answer.trim() === 'yes') return;
  throw new PkiError('ERR_REFUSED', 'not confirmed', {
    detail: { findings: [], wouldKeep: [] },
    hint: 'nothing was made',
  });
}

/** `k8s-pki kubeconfig user`. */
export async function runUser(parsed: Arguments, signal: AbortSignal): Promise<number> {
  assertOneStandardInput(parsed);
  const file = textOf(parsed, 'output-file');
  const isDryRun = parsed['dry-run'] === true;
  assertForm(parsed, { isPrinted: file === undefined && !isDryRun });
  const now = parsed['allow-early-clock'] === true ? new Date() : readClock();
  const place = file === undefined ? undefined : await placeOf(file);
  if (place !== undefined) assertFree(place);
  const { user, pathOf } = await planned(parsed, { now, path: place ?? 'the kubeconfig' });
  const findings = user.planned.plan.rows.flatMap((row) => row.findings);
  printMessages([
    ...user.warnings.flatMap((issue) => issueLines(issue, 'warning')),
    ...findings.flatMap((finding) => findingLines(finding, pathOf)),
  ]);
  const report = (outcome: UserReport['outcome'], made?: MadeUser): UserReport => ({
    outcome,
    user,
    certificate: made?.certificate,
    path: place,
  });
  const tell = (told: UserReport): void =>
    printData(parsed['output'] === 'json' ? [JSON.stringify(userJson(told), null, 2)] : userText(told));
  if (isDryRun) {
    tell(report('planned'));
    return EXIT.done;
  }
  if (user.isAboveRbac && parsed['yes'] !== true) await assertMeant(user, signal);
  const made = await makeUser(user, { now, randomBytes, generateKeyPair });
  // What is generated cannot be stopped, but need not be shown.
  assertWanted(signal);
  if (place === undefined) {
    // With an empty line behind it, as kubeadm prints it.
    printData([made.kubeconfig]);
    return EXIT.done;
  }
  await writeSecret(place, made.kubeconfig, signal);
  tell(report('created', made));
  return EXIT.done;
}
