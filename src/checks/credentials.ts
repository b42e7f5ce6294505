import type { NamedUser } from '../kubeconfig/parse.ts';
import { parseToken } from '../kubeconfig/token.ts';
import { isCopyPath } from '../resolve/paths.ts';
import { POWERS } from '../table/powers.ts';
import type { Certificate, DistinguishedName } from '../x509/model.ts';
import { type Evidence, isSameDer, type RowEvidence } from './evidence.ts';
import { clientCertificatesOf, type ReadCertificate, readUsers, type Stray } from './strays.ts';
import { nameText } from './text.ts';
import { timeText } from './time.ts';

/** Something that makes its holder somebody, whom, and how long it lives. */
export interface Credential {
  readonly path: string;
  /** The user of the kubeconfig whose it is, where that is not the one of its current context. */
  readonly user?: string;
  /** Of a certificate its subject, of a token `token of` and the user. */
  readonly subject: string;
  /** RFC 3339 in UTC; absent where a token does not say. */
  readonly notAfter?: string;
}

function isPrivileged({ attributes }: DistinguishedName): boolean {
  return attributes.some(({ value }) => POWERS.some(({ is }) => is.test(value)));
}

/** What a certificate makes its holder, if that is somebody. */
function certificateCredential(
  place: Pick<Credential, 'path' | 'user'>,
  { subject, notAfter }: Certificate,
): readonly Credential[] {
  if (!isPrivileged(subject)) return [];
  return [{ ...place, subject: nameText(subject), notAfter: timeText(notAfter) }];
}

function isForClients({ extKeyUsage }: Certificate): boolean {
  return (
    extKeyUsage === undefined ||
    extKeyUsage.includes('clientAuth') ||
    extKeyUsage.includes('anyExtendedKeyUsage')
  );
}

async function isSignedHere(
  { certificate, reader }: ReadCertificate,
  authorities: readonly RowEvidence[],
): Promise<boolean> {
  for (const { certificates } of authorities)
    for (const authority of certificates)
      if (await reader.isSignedBy(certificate, authority.spkiDer)) return true;
  return false;
}

/** What a token is good for cannot be told from here, so that every one is listed. */
function tokenCredentials(path: string, users: readonly NamedUser[]): readonly Credential[] {
  return users.flatMap(({ name, token }): readonly Credential[] => {
    if (token === undefined) return [];
    const { user = `"${name}", as the file calls it`, notAfter } = parseToken(token);
    return [
      {
        path,
        subject: `token of ${user}`,
        ...(notAfter === undefined ? {} : { notAfter: timeText(notAfter) }),
      },
    ];
  });
}

async function userCredentials(path: string, users: readonly NamedUser[]): Promise<readonly Credential[]> {
  const found: Credential[] = [];
  for (const user of users) {
    if (user.clientKey === undefined) continue;
    const [read] = await clientCertificatesOf(user);
    if (read !== undefined) found.push(...certificateCredential({ path }, read.certificate));
  }
  return [...found, ...tokenCredentials(path, users)];
}

async function rowCredentials({
  certificates: [own],
  files: [file],
  kubeconfig,
  otherUsers,
}: RowEvidence): Promise<readonly Credential[]> {
  if (file === undefined) return [];
  const { path } = file;
  const certified = [
    ...(own === undefined ? [] : certificateCredential({ path }, own)),
    ...otherUsers.flatMap(({ name: user, certificates: [certificate] }) =>
      certificate === undefined ? [] : certificateCredential({ path, user }, certificate),
    ),
  ];
  const users = kubeconfig === undefined ? [] : [kubeconfig, ...kubeconfig.otherUsers];
  if (!users.some(({ otherCredentials }) => otherCredentials.includes('token'))) return certified;
  return [...certified, ...tokenCredentials(path, (await readUsers(file.contents ?? '')) ?? [])];
}

/**
 * Everything found that carries a name or a group of Kubernetes' own, and every token: of the rows, and of files that no row
 * has. A certificate of the latter counts where its key is here, too, and one of the CAs here signed it.
 */
export async function findCredentials(
  evidence: Evidence,
  strays: readonly Stray[],
): Promise<readonly Credential[]> {
  const rows = [...evidence.values()];
  const authorities = rows.filter(({ desired }) => desired.kind === 'ca');
  const keys = [
    ...rows.flatMap(({ key }) => key?.spkiDer ?? []),
    ...strays.flatMap(({ spkiDers }) => spkiDers),
  ];
  const found: Credential[] = [];
  for (const row of rows) found.push(...(await rowCredentials(row)));
  // What was kept of former credentials is no other one; the keys in it count as any.
  for (const { file, certificates, users = [] } of strays.filter(({ file: { path } }) => !isCopyPath(path))) {
    for (const read of certificates) {
      const { certificate } = read;
      const isHeld = keys.some((spkiDer) => isSameDer(spkiDer, certificate.spkiDer));
      const isKnown = rows.some(
        ({ certificates: [own] }) => own !== undefined && isSameDer(own.der, certificate.der),
      );
      if (!isHeld || isKnown || !isForClients(certificate) || !isPrivileged(certificate.subject)) continue;
      if (await isSignedHere(read, authorities))
        found.push(...certificateCredential({ path: file.path }, certificate));
    }
    found.push(...(await userCredentials(file.path, users)));
  }
  return found;
}
