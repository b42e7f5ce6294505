import { basename, dirname, join, resolve } from 'node:path';
import type { Arguments, Argv } from 'yargs';
import { parseDuration } from '../cluster/durations.ts';
import type { Directories } from '../cluster/directories.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import { PkiError, type SpecIssue } from '../errors.ts';
import type { Severity } from '../finding.ts';
import { absolutePath, targetDirectories } from '../layout.ts';
import { knownPlaces, presentFiles, resolveDirectories } from '../present.ts';
import { SEVERITIES, type VerifyReport, verifyJson, verifyText } from '../report/verify.ts';
import { entryAt, readFiles } from '../store/files.ts';
import { listTree } from '../store/tree.ts';
import { type Verification, verifyPki } from '../verify.ts';
import { pendingSentences } from './pending.ts';
import { addClusterOptions, addOutputOption, clusterOptionsOf } from './options.ts';
import { EXIT, printData, printMessages } from './terminal.ts';

/** What keeps the program from failing, whatever is found. */
const NEVER = 'never';

/** The directories of what is to be audited: `directory` is the certificate directory, or the one that holds a `pki`. */
function directoriesOf(directory: string, options: ClusterOptions): Directories {
  const named = resolve(options.certDir ?? directory);
  const isParent = entryAt(join(named, 'pki'))?.isDirectory() === true;
  const certDir = isParent ? join(named, 'pki') : named;
  // A certificate directory of any other name may hold the kubeconfigs as well.
  const beside = basename(certDir) === 'pki' ? dirname(certDir) : certDir;
  return {
    certDir,
    kubeconfigDir: options.kubeconfigDir === undefined ? beside : resolve(options.kubeconfigDir),
    ...(options.rootCaDir === undefined ? {} : { rootCaDir: resolve(options.rootCaDir) }),
  };
}

function assertThere(directory: string): void {
  const entry = entryAt(directory);
  if (entry?.isDirectory() === true || entry?.isSymbolicLink() === true) return;
  throw new PkiError(
    'ERR_STORE',
    `${directory}: expected a directory, found ${entry === undefined ? 'nothing' : 'a file'}`,
    {
      detail: { path: directory, operation: 'read' },
      hint: 'name the certificate directory, or the one that holds it: k8s-pki verify /etc/kubernetes/pki',
    },
  );
}

function textOf(parsed: Arguments, name: string): string | undefined {
  const value: unknown = parsed[name];
  return typeof value === 'string' ? value : undefined;
}

function timesOf(parsed: Arguments): { readonly at: Date; readonly warnWithinSeconds: number } {
  const issues: SpecIssue[] = [];
  const text = textOf(parsed, 'at');
  // A date alone is midnight in UTC; a time without a zone would be local, and is refused.
  const isTime =
    text === undefined || /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2}))?$/.test(text);
  const at = text === undefined ? new Date() : new Date(text);
  if (text !== undefined && (!isTime || Number.isNaN(at.getTime()))) {
    issues.push({
      option: 'at',
      value: text,
      rule: 'must be a date or a time with its zone (RFC 3339)',
      hint: 'for example 2027-01-01 or 2027-01-01T12:00:00Z',
    });
  }
  const period = textOf(parsed, 'warn-within') ?? '0';
  const within = parseDuration(period);
  if ('rule' in within) issues.push({ option: 'warn-within', value: period, ...within });
  if (issues.length > 0 || 'rule' in within) {
    throw new PkiError('ERR_CONFIG', `--${issues[0]?.option}: ${issues[0]?.rule}`, { detail: { issues } });
  }
  return { at, warnWithinSeconds: within.value };
}

/** Whether something was found that is as bad as the threshold, or worse. */
function isFailed({ findings }: Verification, threshold: unknown): boolean {
  if (threshold === NEVER) return false;
  const worst = SEVERITIES.slice(0, SEVERITIES.findIndex((severity) => severity === threshold) + 1);
  return findings.some(({ severity }: { severity: Severity }) => worst.includes(severity));
}

const FORMS: Readonly<Record<string, (report: VerifyReport) => readonly string[]>> = {
  text: verifyText,
  json: (report) => [JSON.stringify(verifyJson(report), null, 2)],
};

/** `k8s-pki verify`. */
export const verifyCommand: {
  readonly addOptions: (parser: Argv) => Argv;
  readonly run: (parsed: Arguments) => Promise<number>;
} = {
  addOptions: (parser) =>
    addOutputOption(addClusterOptions(parser), ['text', ...Object.keys(FORMS).slice(1)])
      .positional('dir', {
        type: 'string',
        describe: 'the certificate directory, or the one that holds it (default: --cert-dir)',
      })
      .option('at', { type: 'string', describe: 'ask about another moment: 2027-01-01', requiresArg: true })
      .option('warn-within', {
        type: 'string',
        default: '30d',
        describe: 'warn of what ends within this period',
        requiresArg: true,
      })
      .option('fail-on', {
        choices: [...SEVERITIES, NEVER],
        default: 'error',
        describe: 'end with 1 where something as bad was found',
        requiresArg: true,
      })
      .example('$0 verify /etc/kubernetes', 'what is wrong with the PKI of this host')
      .example(
        '$0 verify ./evidence/pki --profile kubeadm --kubernetes-version 1.31',
        'held against that release',
      ),

  run: async (parsed) => {
    const options = clusterOptionsOf(parsed);
    const { at, warnWithinSeconds } = timesOf(parsed);
    const asked = directoriesOf(textOf(parsed, 'dir') ?? '/etc/kubernetes/pki', options);
    assertThere(asked.certDir);
    const directories = await resolveDirectories(asked);
    printMessages((await pendingSentences(targetDirectories(directories))).map((text) => `notice: ${text}`));

    const places = knownPlaces(directories);
    const known = presentFiles(places, await readFiles([...places.values()]));
    const taken = new Set(places.values());
    const others = listTree(directories.certDir)
      .filter((path) => !taken.has(join(directories.certDir, path)))
      .map((path) => ({ path: `pki/${path}` }));
    const { certDir: _, kubeconfigDir: __, rootCaDir: ___, ...cluster } = options;
    const verification = await verifyPki({
      files: [...known, ...others],
      options: cluster,
      now: at,
      warnWithinSeconds,
    });
    const report = {
      verification,
      directories: targetDirectories(directories),
      at,
      isProfileGiven: options.profile !== undefined,
      pathOf: (path: string): string => absolutePath(path, directories),
    };
    printData(FORMS[String(parsed['output'])]?.(report) ?? []);
    return isFailed(verification, parsed['fail-on']) ? EXIT.findings : EXIT.done;
  },
};
