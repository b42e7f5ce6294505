// The real kubeadm, asked for a whole PKI.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from './processes.mjs';
import { kubeadmConfigOf, kubeadmFlagsOf } from './requests.mjs';

/** Where everything lies below `folder`, as below a host's own root. */
export const KUBERNETES_DIR = 'etc/kubernetes';

function makeDirectory(folder) {
  const directory = join(folder, KUBERNETES_DIR);
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  return directory;
}

/** A folder in which kubeadm finds the request as configuration, and with `--rootfs` takes it for the host's root. */
export function layOut(folder, { request, version, isRoot = false, certificatesDir }) {
  const directory = makeDirectory(folder);
  const base = isRoot ? `/${KUBERNETES_DIR}` : directory;
  const certDir = certificatesDir ?? join(base, request.certificatesDir ?? 'pki');
  const config = kubeadmConfigOf(request, { version, certificatesDir: certDir });
  writeFileSync(join(folder, 'kubeadm.yaml'), config);
  const rootfs = isRoot ? ['--rootfs', folder] : [];
  const read = ['--config', isRoot ? '/kubeadm.yaml' : join(folder, 'kubeadm.yaml'), ...rootfs];
  return {
    directory,
    config: read,
    flags: { certs: read, kubeconfig: [...read, '--kubeconfig-dir', base] },
  };
}

/** A folder for which kubeadm is asked by flags in place of a configuration. */
export function layOutByFlags(folder, { request, version }) {
  const directory = makeDirectory(folder);
  const certificatesDir = join(directory, request.certificatesDir ?? 'pki');
  const kubeconfigDir = join(directory, request.kubeconfigDir ?? '');
  return { directory, flags: kubeadmFlagsOf(request, { version, certificatesDir, kubeconfigDir }) };
}

/** Both phases that write a PKI. Returns when each began, in milliseconds: kubeadm dates certificates by that. */
export function runPhases(kubeadm, { flags }) {
  const certificates = Date.now();
  mustRun(kubeadm, ['init', 'phase', 'certs', 'all', ...flags.certs]);
  const kubeconfigs = Date.now();
  mustRun(kubeadm, ['init', 'phase', 'kubeconfig', 'all', ...flags.kubeconfig]);
  return { certificates, kubeconfigs };
}
