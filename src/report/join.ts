import { nameText } from '../checks/text.ts';
import { timeText } from '../checks/time.ts';
import { type CaCertHash, type Join, joinWords } from '../join.ts';

/** The hashes of a CA file for programs; docs/json.md describes them. */
export function caHashJson(path: string, hashes: readonly CaCertHash[]): object {
  return {
    schema: 'k8s-pki/ca-hash/v1',
    path,
    certificates: hashes.map(({ hash, certificate }) => ({
      hash,
      subject: nameText(certificate.subject),
      notAfter: timeText(certificate.notAfter),
    })),
  };
}

/** How a host joins, as a line for a shell. */
export function joinText(join: Join): readonly string[] {
  return [joinWords(join).join(' ')];
}

/** The same for programs. */
export function joinJson(join: Join): object {
  return {
    schema: 'k8s-pki/join/v1',
    endpoint: join.server.replace(/^https:\/\//, ''),
    caCertHashes: [...new Set(join.hashes)],
    isControlPlane: join.isControlPlane,
    hasToken: join.token !== undefined,
    command: joinWords(join),
  };
}
