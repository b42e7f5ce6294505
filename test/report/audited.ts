import { type ClusterOptions, generateClusterPki, type PkiFile } from '../../src/index.ts';
import type { VerifyReport } from '../../src/report/verify.ts';
import { VERSION } from '../../src/release.ts';
import type { Selection } from '../../src/select/select.ts';
import { verifyPki } from '../../src/verify.ts';
import { encodeName } from '../../src/x509/name.ts';
import { encodePem } from '../../src/x509/pem.ts';
import { forgeCertificate } from '../x509/forge.ts';

export const NOW: Date = new Date('2026-11-23T12:00:00Z');

/** The files of a PKI that was just made, some of them replaced, added or (undefined) removed. */
export async function filesOf(
  changes: Readonly<Record<string, string | undefined>> = {},
  options: ClusterOptions & { readonly now?: Date } = {},
): Promise<readonly PkiFile[]> {
  const host = { hostIp: '192.0.2.10', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256' } as const;
  const { files } = await generateClusterPki({ ...host, now: NOW, ...options });
  const all = new Map(files.map((file) => [file.path, file]));
  for (const [path, contents] of Object.entries(changes)) {
    if (contents === undefined) all.delete(path);
    else all.set(path, { path, contents, mode: 0o600 });
  }
  return [...all.values()];
}

/** What the forms of the report are made from, on files that would lie below `directory`. */
export async function reportOn(
  files: readonly PkiFile[],
  {
    at = NOW,
    directory = '/srv/k8s',
    selection = {},
  }: { readonly at?: Date; readonly directory?: string; readonly selection?: Selection } = {},
): Promise<VerifyReport> {
  return {
    verification: await verifyPki({
      files,
      options: { profile: 'requirements' },
      now: at,
      warnWithinSeconds: 30 * 86_400,
      selection,
    }),
    directories: [`${directory}/pki`, directory],
    at,
    isProfileGiven: true,
    isRoleGiven: false,
    version: VERSION,
    pathOf: (path) => `${directory}/${path}`,
  };
}

/** Texts that mean something to whatever a report is written in, and that a certificate and a path can hold. */
export const HOSTILE = {
  commonName: `</script><script>document.title='run'</script>`,
  organization: `system:"a&b" <img src=x onerror="document.title='run'"> \`\`|\\| @everyone [x](y) \u0007\u001b[31m\u202e\uffff`,
  file: `pki/<svg onload=document.title='run'>&amp;"'\`|.key`,
  directory: `/srv/<b onclick=run>"'&|\`%20`,
};

/** A PKI with a certificate, a file and a directory whose names are made to be taken for something else. */
export async function hostileReport(selection: Selection = {}): Promise<VerifyReport> {
  const { commonName, organization, file, directory } = HOSTILE;
  const subjectDer = encodeName({ commonName, organization: [organization] });
  const forged = encodePem(
    'CERTIFICATE',
    forgeCertificate({ subjectDer, issuerDer: subjectDer, version: 3 }),
  );
  return reportOn(await filesOf({ 'pki/front-proxy-client.crt': forged, [file]: 'x' }), {
    directory,
    selection,
  });
}
