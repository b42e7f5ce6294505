import { dirname, resolve } from 'node:path';
import type { Arguments } from 'yargs';
import type { BundlePart, BundleParts } from '../bundle.ts';
import type { Directories } from '../cluster/directories.ts';
import { PkiError } from '../errors.ts';
import { type Embedded, isKubeconfig, parseKubeconfig } from '../kubeconfig/parse.ts';
import { obstacleOf } from '../present.ts';
import { entryAt, readFileState } from '../store/files.ts';
import { ROWS } from '../table/rows.ts';
import { USAGES } from '../table/usages.ts';
import { holdsPrivateKey } from '../x509/pem-form.ts';
import { readCluster } from './cluster-files.ts';
import { assertNoIssues } from './issues.ts';
import { textOf } from './words.ts';

/** What a bundle is made from, and where the certificate of it was. */
export interface BundleSource extends BundleParts {
  readonly path: string;
  /** Where the PKI lies, where it is from one. */
  readonly directories?: Directories | undefined;
}

function read(path: string): Required<BundlePart> {
  const state = readFileState(path);
  if (state.kind === 'file') return { pem: state.contents, path };
  throw new PkiError('ERR_STORE', `${path}: ${obstacleOf(state)}`, {
    detail: { path, operation: 'read' },
    hint: 'name a file that is there and that you may read',
  });
}

/** What a kubeconfig embeds, or names by words that are meant from where it lies. */
async function partsOfKubeconfig(text: string, path: string): Promise<BundleParts> {
  const { clientCertificate, clientKey, certificateAuthority } = await parseKubeconfig(text);
  const open = (part: Embedded | undefined): readonly BundlePart[] => {
    if (part === undefined) return [];
    return ['pem' in part ? { pem: part.pem, path } : read(resolve(dirname(path), part.file))];
  };
  const [[certificate], [key]] = [open(clientCertificate), open(clientKey)];
  if (certificate !== undefined && key !== undefined)
    return { certificate, key, authorities: open(certificateAuthority) };
  const field = certificate === undefined ? 'client-certificate' : 'client-key';
  throw new PkiError('ERR_KUBECONFIG', `${path}: its current user has no ${field}`, {
    detail: { field },
    hint: 'a token, or what a program fetches, cannot go into a bundle',
  });
}

/** The names of the table that are or hold the certificate of a client. */
const CLIENT_ROWS = ROWS.flatMap((row) =>
  (row.kind === 'certificate' || row.kind === 'kubeconfig') &&
  USAGES[row.usage].extKeyUsage.includes('clientAuth')
    ? [row]
    : [],
);

async function partsOfRow(parsed: Arguments, row: (typeof CLIENT_ROWS)[number]): Promise<BundleSource> {
  const { files, pathOf, readFrom: directories } = (await readCluster(parsed)).source;
  const authorities = ROWS.flatMap((ca) => (ca.kind === 'ca' ? [ca.certificate] : [])).map((path) => ({
    pem: files.find((file) => file.path === path)?.contents ?? '',
    path: pathOf(path),
  }));
  if (row.kind === 'certificate') {
    const path = pathOf(row.certificate);
    return { path, directories, certificate: read(path), key: read(pathOf(row.key)), authorities };
  }
  const path = pathOf(row.file);
  const parts = await partsOfKubeconfig(read(path).pem, path);
  return { ...parts, path, directories, authorities: [...parts.authorities, ...authorities] };
}

/** The key of a certificate in a file: named, in the same file, or beside it as openssl's users call it. */
function keyOf(parsed: Arguments, certificate: Required<BundlePart>): BundlePart {
  const named = textOf(parsed, 'key-file');
  if (named !== undefined) return read(resolve(named));
  return holdsPrivateKey(certificate.pem)
    ? certificate
    : read(`${certificate.path.replace(/\.(?:crt|cer|cert|pem)$/, '')}.key`);
}

/** @throws {PkiError} `ERR_CONFIG` where key or CAs are named of what has them itself. */
function assertNoFurther(parsed: Arguments): void {
  const rule = 'is for a certificate in a file: what was named has its own';
  assertNoIssues(
    ['key-file', 'ca-file'].flatMap((option) => {
      const value = textOf(parsed, option);
      return value === undefined ? [] : [{ option, value, rule, hint: `leave --${option} out` }];
    }),
  );
}

/**
 * Reads what a bundle is to be made from: of a name of the table, or of a file.
 *
 * @throws {PkiError} `ERR_USAGE` for a word that is neither; `ERR_STORE`, `ERR_KUBECONFIG`.
 */
export async function readBundleSource(parsed: Arguments): Promise<BundleSource> {
  const word = textOf(parsed, 'source') ?? '';
  const row = CLIENT_ROWS.find(({ id }) => id === word);
  if (row !== undefined) {
    assertNoFurther(parsed);
    return partsOfRow(parsed, row);
  }
  const path = resolve(word);
  if (entryAt(path) === undefined) {
    throw new PkiError('ERR_USAGE', `there is no client ${JSON.stringify(word)}, and no file of that name`, {
      detail: {},
      hint: `a file, or one of ${CLIENT_ROWS.map(({ id }) => id).join(', ')}`,
    });
  }
  const certificate = read(path);
  if (isKubeconfig(certificate.pem)) {
    assertNoFurther(parsed);
    return { ...(await partsOfKubeconfig(certificate.pem, path)), path };
  }
  const authorities = textOf(parsed, 'ca-file');
  return {
    path,
    certificate,
    key: keyOf(parsed, certificate),
    authorities: authorities === undefined ? [] : [read(resolve(authorities))],
  };
}
