import { dirname, resolve } from 'node:path';
import type { Arguments } from 'yargs';
import { nameText } from '../checks/text.ts';
import { timeText } from '../checks/time.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import { parseDirectories } from '../cluster/parse.ts';
import type { Directories } from '../cluster/directories.ts';
import { PkiError } from '../errors.ts';
import { importSecret, type SecretImport } from '../handover.ts';
import { targetDirectories } from '../layout.ts';
import { obstacleOf, resolveDirectories } from '../present.ts';
import { type ImportSecretReport, importSecretJson, importSecretText } from '../report/import-secret.ts';
import { isValuePath } from '../secret/opening.ts';
import { openBytes, readText } from '../sources/bytes.ts';
import { unreadableSource } from '../sources/source.ts';
import { surveyDestinations } from '../store/destinations.ts';
import { assertWritable, isInside, resolveDirectory } from '../store/directories.ts';
import { type FileState, isStream, readFiles, readFileState } from '../store/files.ts';
import type { NewFile } from '../store/staging.ts';
import { openStore } from '../store/store.ts';
import { certificateKeyOf } from './certificate-key.ts';
import { type AskedOptions, askedOptionsOf } from './config.ts';
import { readInput } from './interrupt.ts';
import { pendingSentences } from '../library/pending.ts';
import { placedError } from './placed.ts';
import { certificateFingerprint } from '../x509/pin.ts';
import { assertOneStandardInput } from './secret-file.ts';
import { etcdPlacesOf, type EtcdPlaces, placeIn, readHandover } from './secret-files.ts';
import { EXIT, printData, printMessages } from './terminal.ts';
import { textOf } from './words.ts';
import { recoverySentence } from './write.ts';

/** A Secret that came, and where what it holds is to lie. */
interface Target {
  readonly options: Pick<ClusterOptions, 'profile' | 'kubernetesVersion'>;
  readonly key: Uint8Array;
  readonly text: string;
  readonly name: string;
  readonly directories: Directories;
  /** The directories that are written to. */
  readonly targets: readonly string[];
  readonly places: EtcdPlaces;
  readonly isNamed: boolean;
}

type Read = (paths: readonly string[]) => Promise<ReadonlyMap<string, FileState>>;

/** @throws {PkiError} `ERR_STORE` where nothing can be read, or what gives bytes without end. */
function assertStream(path: string): void {
  if (isStream(path)) return;
  throw new PkiError('ERR_STORE', `${path}: ${obstacleOf(readFileState(path))}`, {
    detail: { path, operation: 'read' },
    hint: 'name a file that holds the Secret as kubectl prints it, or - for stdin',
  });
}

async function readSecret(word: string): Promise<{ readonly name: string; readonly text: string }> {
  const isStandardInput = word === '-';
  const name = isStandardInput ? 'stdin' : resolve(word);
  if (!isStandardInput) assertStream(name);
  const { form, chunks } = await openBytes(name, readInput(isStandardInput ? undefined : name));
  if (form === 'tar') {
    await chunks[Symbol.asyncIterator]().return?.();
    throw unreadableSource(name, 'is an archive: expected the Secret as kubectl prints it');
  }
  return { name, text: await readText(name, chunks) };
}

/** The places of the files for an external etcd, by paths without links. */
async function resolvePlaces(places: EtcdPlaces): Promise<EtcdPlaces> {
  const resolved = [...places].map(async ([path, place]) => {
    const directory = await resolveDirectory(dirname(place));
    return [path, resolve(directory, place.slice(dirname(place).length + 1))] as const;
  });
  return new Map(await Promise.all(resolved));
}

async function targetOf(
  parsed: Arguments,
  { options, externalEtcd, certificateKey }: AskedOptions,
): Promise<Target> {
  const key = await certificateKeyOf(parsed, certificateKey);
  const { profile, kubernetesVersion, certDir, kubeconfigDir, rootCa, rootCaDir } = options;
  const given = parseDirectories({ certDir, kubeconfigDir, rootCa, rootCaDir }, process.cwd());
  const directories = await resolveDirectories(given);
  const places = await resolvePlaces(etcdPlacesOf(externalEtcd));
  const own = targetDirectories(directories);
  const apart = [...places.values()]
    .map((place) => dirname(place))
    .filter((directory) => !own.some((target) => isInside(directory, target)));
  return {
    options: { profile, kubernetesVersion },
    key,
    ...(await readSecret(textOf(parsed, 'file') ?? '')),
    directories,
    targets: [...new Set([...own, ...apart])],
    places,
    isNamed: externalEtcd !== undefined,
  };
}

async function planImport(target: Target, read: Read): Promise<SecretImport> {
  const { directories, places } = target;
  const files = await readHandover(directories, target, read);
  const placeOf = placeIn(directories, places);
  return placedError(
    (path) => (isValuePath(path) ? path : placeOf(path)),
    () => importSecret({ ...target, files, readFrom: directories, now: new Date() }),
  );
}

function newFiles(target: Target, { files }: SecretImport): readonly NewFile[] {
  const placeOf = placeIn(target.directories, target.places);
  return files.map(({ path, contents, mode }) => ({ path: placeOf(path), contents, mode, replace: false }));
}

async function runImport(
  target: Target,
  isDryRun: boolean,
  signal: AbortSignal,
): Promise<{
  readonly imported: SecretImport;
  readonly rest: Pick<ImportSecretReport, 'outcome' | 'recovery'>;
}> {
  const { targets } = target;
  if (isDryRun) {
    const recovery = await pendingSentences(targets);
    const imported = await planImport(target, readFiles);
    surveyDestinations(newFiles(target, imported), targets);
    if (imported.files.length > 0) for (const directory of targets) assertWritable(directory);
    return { imported, rest: { outcome: imported.files.length === 0 ? 'unchanged' : 'planned', recovery } };
  }
  const store = await openStore(targets, { self: process });
  try {
    const recovery = store.recovered.map(recoverySentence);
    const imported = await planImport(target, (paths) => store.read(paths));
    if (imported.files.length > 0) await store.commit(newFiles(target, imported), { signal });
    return { imported, rest: { outcome: imported.files.length === 0 ? 'unchanged' : 'imported', recovery } };
  } finally {
    await store.close();
  }
}

/** The files in which there is more than one certificate, with how many there are. */
function bundlesIn({ certificates }: ImportSecretReport): readonly (readonly [string, number])[] {
  return [...new Set(certificates.map(({ path }) => path))]
    .map((path) => [path, certificates.filter((one) => one.path === path).length] as const)
    .filter(([, held]) => held > 1);
}

/** `k8s-pki import secret`. */
export async function runImportSecret(parsed: Arguments, signal: AbortSignal): Promise<number> {
  assertOneStandardInput(parsed);
  const target = await targetOf(parsed, await askedOptionsOf(parsed, { isAnyHost: true }));
  const { imported, rest } = await runImport(target, parsed['dry-run'] === true, signal);
  const placeOf = placeIn(target.directories, target.places);
  const report: ImportSecretReport = {
    ...rest,
    directories: target.targets,
    files: [
      ...imported.files.map(({ path }) => ({ path: placeOf(path), action: 'create' as const })),
      ...imported.kept.map((path) => ({ path: placeOf(path), action: 'keep' as const })),
    ],
    certificates: imported.certificates.map(({ path, certificate: { subject, notAfter, der } }) => ({
      path: placeOf(path),
      subject: nameText(subject),
      notAfter: timeText(notAfter),
      fingerprint: certificateFingerprint(der),
    })),
    absent: imported.absent.map(placeOf),
  };
  printMessages([
    ...rest.recovery.map((sentence) => `notice: ${sentence}`),
    ...report.absent.map((path) => `notice: ${path}: was not there where the Secret was made`),
    ...bundlesIn(report).map(
      ([path, held]) => `notice: ${path}: holds ${held} certificates, and each of them is trusted`,
    ),
    ...imported.unknown.map((name) => `notice: ${target.name}: ${JSON.stringify(name)} belongs to nothing`),
  ]);
  printData(
    parsed['output'] === 'json'
      ? [JSON.stringify(importSecretJson(report), null, 2)]
      : importSecretText(report),
  );
  return EXIT.done;
}
