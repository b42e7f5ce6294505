// What openssl says of the files that contenders make.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from '../conformance/processes.mjs';

/** The certificate that a file holds, by itself or in a kubeconfig. */
export function certificateIn(contents) {
  const data = /client-certificate-data: (.*)/.exec(contents)?.[1];
  const pem = data === undefined ? contents : Buffer.from(data, 'base64').toString();
  return pem.startsWith('-----BEGIN CERTIFICATE-----') ? pem : undefined;
}

/** A file but for keys, serial numbers and dates. */
export function outlineOf({ mode, contents = '' }) {
  const text = contents.replaceAll(/(?<=-data: |-----\n)[\w+/=\n]+/g, '');
  const pem = certificateIn(contents);
  if (pem === undefined) return { mode, text };
  const extensions = 'basicConstraints,keyUsage,extendedKeyUsage,subjectAltName';
  const shown = ['x509', '-noout', '-subject', '-issuer', '-ext', extensions];
  const { stdout } = mustRun('openssl', shown, { input: pem });
  // The order of the extensions is free.
  const certificate = stdout.match(/^\S.*(?:\n +.*)*/gm).toSorted();
  return { mode, text, certificate };
}

/** Throws where openssl does not verify every certificate of a tree by its CAs. `folder`: where to write. */
export function verifyCertificates(tree, folder) {
  const paths = [...tree].flatMap(([, { contents = '' }], index) => {
    const pem = certificateIn(contents);
    if (pem === undefined) return [];
    const path = join(folder, `${index}.pem`);
    writeFileSync(path, pem);
    return [path];
  });
  const trusted = join(folder, 'trusted.pem');
  const authorities = [...tree].filter(([path]) => path.endsWith('ca.crt'));
  writeFileSync(trusted, authorities.map(([, { contents }]) => contents).join(''));
  mustRun('openssl', ['verify', '-x509_strict', '-CAfile', trusted, ...paths]);
}
