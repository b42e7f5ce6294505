import { generateCertificateKey } from '../library/certificate-key.ts';
import { EXIT, printData } from './terminal.ts';

/** `k8s-pki certs certificate-key`. */
export async function runCertificateKey(): Promise<number> {
  printData([generateCertificateKey()]);
  return EXIT.done;
}
