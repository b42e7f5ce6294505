import { randomBytes } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import type { Arguments } from 'yargs';
import { parseClusterSpec } from '../cluster/parse.ts';
import { PkiError, type SpecIssue } from '../errors.ts';
import { certificatesIn } from '../csr/returned.ts';
import { isSameAnswer, signAll, type Signing } from '../csr/sign.ts';
import { readClock } from '../library/clock.ts';
import { resolveDirectory } from '../store/directories.ts';
import { issueLines } from '../report/errors.ts';
import {
  isPartial,
  type PlacedSigning,
  signJson,
  signMessages,
  type SignReport,
  signText,
} from '../report/sign.ts';
import { surveyDestinations } from '../store/destinations.ts';
import { readFileBytes } from '../store/files.ts';
import { openStore } from '../store/store.ts';
import { MODES } from '../table/rules.ts';
import { askedOptionsOf } from './config.ts';
import {
  type GivenFile,
  nodesOf,
  pendingTarget,
  readGivenFiles,
  readTarget,
  wordsOf,
} from './pending-pki.ts';
import { EXIT, printData, printMessages } from './terminal.ts';
import { textOf } from './words.ts';
import { recoverySentence } from './write.ts';

/** `apiserver.crt` of `apiserver.csr`, `admin.conf.crt` of `admin.conf.csr`. */
const certificateName = (name: string): string => `${name.replace(/\.(?:csr|req|pem|der)$/, '')}.crt`;

/** Where the certificate of a request goes. */
async function placeOf(file: GivenFile, outputDirectory: string | undefined): Promise<string> {
  if (outputDirectory === undefined) {
    const directory = await resolveDirectory(dirname(file.path));
    return join(directory, certificateName(file.path.replace(/^.*\//, '')));
  }
  return join(outputDirectory, certificateName(file.relative));
}

/** Two requests whose certificates would lie in one file. */
function assertDistinct(signings: readonly PlacedSigning[], isInOneDirectory: boolean): void {
  const seen = new Map<string, string>();
  const clashes = signings.flatMap(({ source, path }) => {
    if (path === undefined) return [];
    const other = seen.get(path);
    seen.set(path, source);
    return other === undefined ? [] : [`${other} and ${source}`];
  });
  if (clashes.length === 0) return;
  throw new PkiError('ERR_USAGE', `would be signed into the same file: ${clashes.join(', ')}`, {
    detail: {},
    hint: isInOneDirectory
      ? 'rename one of the two, or name the directory that holds both where they lie in different ones'
      : 'rename one of the two',
  });
}

/** A request whose certificate is where it would be signed to, as it would be. */
async function keptOf(signing: PlacedSigning, now: Date): Promise<PlacedSigning> {
  const { path, certificate: issued, contents: _, ...rest } = signing;
  if (path === undefined || issued === undefined) return signing;
  const state = readFileBytes(path);
  if (state.kind !== 'file') return signing;
  const [first] = await certificatesIn({ name: path, bytes: state.bytes });
  const present =
    first !== undefined && 'certificate' in first.content ? first.content.certificate : undefined;
  if (present === undefined || !isSameAnswer(present, issued, now)) return signing;
  return { ...rest, path, outcome: 'kept', certificate: present, why: 'is there already', findings: [] };
}

/** The files that were named, of which each has to hold a request, and the others. */
function assertRead(files: readonly GivenFile[], signings: readonly Signing[]): void {
  const read = new Set(signings.map(({ source }) => source));
  const unread = files.filter(({ name, isNamed }) => isNamed && !read.has(name));
  const issues = unread.map(
    ({ name }): SpecIssue => ({ option: 'requests', value: name, rule: 'holds no request' }),
  );
  if (issues[0] !== undefined)
    throw new PkiError('ERR_CONFIG', `${issues[0].value}: holds no request`, { detail: { issues } });
}

/** `k8s-pki certs sign`. */
export async function runSign(parsed: Arguments, signal: AbortSignal): Promise<number> {
  const { options, place } = await askedOptionsOf(parsed);
  const now = parsed['allow-early-clock'] === true ? new Date() : readClock();
  const { directories } = await pendingTarget(options, []);
  const { files, unread } = readGivenFiles('requests', wordsOf(parsed, 'requests'));
  // Nothing of the host that signs is part of what is signed.
  const { spec, warnings } = parseClusterSpec({ ...options, ...directories }, {});
  printMessages(place(warnings).flatMap((issue) => issueLines(issue, 'warning')));
  const as = textOf(parsed, 'as');
  const signings = await signAll(
    {
      spec,
      nodes: nodesOf(parsed),
      existing: await readTarget({ directories, nodes: [], options }),
      signers: new Map(),
      requests: files,
      as,
      isAlgorithmAsked: options.keyAlgorithm !== undefined,
    },
    { now, randomBytes },
  );
  assertRead(files, signings);
  if (as !== undefined && signings.length > 1)
    throw new PkiError('ERR_USAGE', '--as says what one request is for, and several were given', {
      detail: {},
    });

  const outputWord = textOf(parsed, 'output-dir');
  const outputDirectory = outputWord === undefined ? undefined : await resolveDirectory(resolve(outputWord));
  const placed: PlacedSigning[] = [];
  for (const signing of signings) {
    const file = files.find(({ name }) => name === signing.source);
    const isPlaced = signing.outcome === 'signed' && file !== undefined;
    placed.push(isPlaced ? { ...signing, path: await placeOf(file, outputDirectory) } : signing);
  }
  assertDistinct(placed, outputDirectory !== undefined);
  const decided = await Promise.all(placed.map((signing) => keptOf(signing, now)));
  const written = decided.flatMap(({ path, contents }) =>
    path === undefined || contents === undefined
      ? []
      : [{ path, contents, mode: MODES.certificate, replace: false }],
  );
  const isDryRun = parsed['dry-run'] === true;
  const targets =
    outputDirectory === undefined
      ? [...new Set(written.map(({ path }) => dirname(path)))]
      : [outputDirectory];
  if (written.length > 0) {
    surveyDestinations(written, targets);
    if (!isDryRun) {
      const store = await openStore(targets, { self: process });
      try {
        printMessages(store.recovered.map((recovery) => `notice: ${recoverySentence(recovery)}`));
        await store.commit(written, { signal });
      } finally {
        await store.close();
      }
    }
  }
  const report: SignReport = {
    outcome: written.length === 0 ? 'unchanged' : isDryRun ? 'planned' : 'signed',
    signings: [
      ...decided,
      ...unread.map(
        ({ name: source, why }): PlacedSigning => ({ source, outcome: 'refused', why, findings: [] }),
      ),
    ],
  };
  printMessages(signMessages(report));
  printData(parsed['output'] === 'json' ? [JSON.stringify(signJson(report), null, 2)] : signText(report));
  return isPartial(report) ? EXIT.findings : EXIT.done;
}
