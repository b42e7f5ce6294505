import type { Arguments } from 'yargs';
import { parseBootstrapToken, parseCertificateKey } from '../cluster/join-secrets.ts';
import { inFile, PkiError } from '../errors.ts';
import { type CaCertHash, hashAuthorities, noAuthorities, TOKEN_PLACEHOLDER } from '../join.ts';
import { printable } from '../report/columns.ts';
import { caHashJson, joinJson, joinText } from '../report/join.ts';
import { resolveUserServer, userAuthorityPath } from '../resolve/user.ts';
import type { Source } from '../sources/source.ts';
import { specOfFiles } from '../user.ts';
import { readCluster } from './cluster-files.ts';
import { assertNoIssues } from './issues.ts';
import { assertOneStandardInput, secretOf } from './secret-file.ts';
import { EXIT, printData, printMessages } from './terminal.ts';

/** The hashes of the CA by which nodes that join know the cluster, and where it lies. */
async function authorityHashes({
  files,
  pathOf,
}: Source): Promise<{ readonly path: string; readonly hashes: readonly CaCertHash[] }> {
  const logical = userAuthorityPath();
  const path = pathOf(logical);
  const { contents, obstacle = 'is not there' } = files.find((file) => file.path === logical) ?? {};
  if (contents === undefined) {
    throw new PkiError('ERR_STORE', `${path}: ${obstacle}`, {
      detail: { path, operation: 'read' },
      hint: 'name the certificate directory with --cert-dir',
    });
  }
  return { path, hashes: await inFile(path, () => hashAuthorities(contents)) };
}

const noAuthorityText = (name: string): string =>
  `"${printable(name)}" is no CA: no host that is told its hash can join`;

/** @throws {PkiError} `ERR_CERTIFICATE` where what hosts are to know the cluster by is something else. */
function assertAuthorities(path: string, hashes: readonly CaCertHash[]): void {
  const [name] = noAuthorities(hashes);
  if (name === undefined) return;
  throw new PkiError('ERR_CERTIFICATE', `${path}: ${noAuthorityText(name)}`, {
    detail: { field: 'basicConstraints' },
    hint: 'bring back the certificate of the CA; k8s-pki verify tells all there is to say',
  });
}

/** `k8s-pki show ca-hash`. */
export async function showCaHash(parsed: Arguments): Promise<number> {
  const { source } = await readCluster(parsed);
  const { path, hashes } = await authorityHashes(source);
  printMessages(noAuthorities(hashes).map((name) => `warning: ${path}: ${noAuthorityText(name)}`));
  printData(
    parsed['output'] === 'json'
      ? [JSON.stringify(caHashJson(path, hashes), null, 2)]
      : hashes.map(({ hash }) => hash),
  );
  return EXIT.done;
}

/** `k8s-pki show join`. */
export async function showJoin(parsed: Arguments): Promise<number> {
  assertOneStandardInput(parsed);
  const token = await secretOf(parsed, 'token', parseBootstrapToken);
  const certificateKey = await secretOf(parsed, 'certificate-key', parseCertificateKey);
  assertNoIssues([...token.issues, ...certificateKey.issues]);
  const cluster = await readCluster(parsed);
  const { files, readFrom } = cluster.source;
  const spec = await specOfFiles({ ...cluster, files, readFrom }, new Date());
  const { path, hashes } = await authorityHashes(cluster.source);
  assertAuthorities(path, hashes);
  const join = {
    server: resolveUserServer(spec),
    hashes: hashes.map(({ hash }) => hash),
    token: token.value,
    certificateKey: certificateKey.value,
    isControlPlane: parsed['control-plane'] === true || certificateKey.value !== undefined,
  };
  if (join.token === undefined)
    printMessages([`notice: kubeadm token create makes what belongs in the place of ${TOKEN_PLACEHOLDER}`]);
  if (join.isControlPlane && join.certificateKey === undefined)
    printMessages([
      'notice: without --certificate-key the CAs and the sa pair have to be on that host already',
    ]);
  printData(parsed['output'] === 'json' ? [JSON.stringify(joinJson(join), null, 2)] : joinText(join));
  return EXIT.done;
}
