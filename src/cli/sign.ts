import { randomBytes } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import type { Arguments } from 'yargs';
import { parseClusterSpec } from '../cluster/parse.ts';
import { PkiError, type SpecIssue } from '../errors.ts';
import { signAll } from '../csr/sign.ts';
import { readClock } from '../library/clock.ts';
import { resolveDirectory } from '../store/directories.ts';
import { issueLines } from '../report/errors.ts';
import { type PlacedSigning, signJson, signMessages, type SignReport, signText } from '../report/sign.ts';
import { surveyDestinations } from '../store/destinations.ts';
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

function assertDistinct(places: ReadonlyMap<string, string>): void {
  const seen = new Map<string, string>();
  const issues = [...places].flatMap(([source, place]): readonly SpecIssue[] => {
    const other = seen.get(place);
    seen.set(place, source);
    if (other === undefined) return [];
    return [
      {
        option: 'requests',
        value: source,
        rule: `would be signed into the same file as ${other}`,
        hint: 'name the directory that holds both',
      },
    ];
  });
  const [first] = issues;
  if (first === undefined) return;
  throw new PkiError('ERR_CONFIG', `${first.value}: ${first.rule}`, { detail: { issues } });
}

/** `k8s-pki certs sign`. */
export async function runSign(parsed: Arguments, signal: AbortSignal): Promise<number> {
  const { options, place } = await askedOptionsOf(parsed);
  const now = parsed['allow-early-clock'] === true ? new Date() : readClock();
  const { directories } = await pendingTarget(options, []);
  const files = readGivenFiles('requests', wordsOf(parsed, 'requests'));
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
  const read = new Set(signings.map(({ source }) => source));
  const unread = files.filter(({ name, isNamed }) => isNamed && !read.has(name));
  const issues = unread.map(
    ({ name }): SpecIssue => ({ option: 'requests', value: name, rule: 'holds no request' }),
  );
  if (issues[0] !== undefined)
    throw new PkiError('ERR_CONFIG', `${issues[0].value}: holds no request`, { detail: { issues } });
  if (as !== undefined && signings.length > 1)
    throw new PkiError('ERR_USAGE', '--as says what one request is for, and several were given', {
      detail: {},
    });

  const outputWord = textOf(parsed, 'output-dir');
  const outputDirectory = outputWord === undefined ? undefined : await resolveDirectory(resolve(outputWord));
  const places = new Map<string, string>();
  for (const { source, outcome } of signings) {
    const file = files.find(({ name }) => name === source);
    if (outcome === 'signed' && file !== undefined) places.set(source, await placeOf(file, outputDirectory));
  }
  assertDistinct(places);
  const written = signings.flatMap(({ source, contents }) => {
    const path = places.get(source);
    return path === undefined || contents === undefined
      ? []
      : [{ path, contents, mode: MODES.certificate, replace: false }];
  });
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
    signings: signings.map((signing): PlacedSigning => {
      const path = places.get(signing.source);
      return { ...signing, ...(path === undefined ? {} : { path }) };
    }),
  };
  printMessages(signMessages(report));
  printData(parsed['output'] === 'json' ? [JSON.stringify(signJson(report), null, 2)] : signText(report));
  const isPartial = signings.length === 0 || signings.some(({ outcome }) => outcome === 'refused');
  return isPartial ? EXIT.findings : EXIT.done;
}
