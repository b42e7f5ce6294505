import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type ClusterOptions, type ClusterPki, generateClusterPki } from '../../src/index.ts';
import { createSandbox, heldCertificates } from '../support/cluster.ts';
import { opensslOracle } from '../x509/openssl.ts';
import { legalOptions } from './legal-options.ts';
import { verify } from './openssl-verify.ts';

const now = new Date('2026-12-01T12:00:00Z');
const numRuns = process.env['SLOW'] === '1' ? 100 : 6;

/** The names that somebody asked the API server's certificate to have, as asked. */
function wantedNames(options: ClusterOptions): readonly string[] {
  const endpoint = options.controlPlaneEndpoint;
  const host = endpoint?.includes(']') ? endpoint.slice(1, endpoint.indexOf(']')) : endpoint;
  const isIpv6 = host !== undefined && host.split(':').length > 2;
  return [
    options.hostIp ?? [],
    options.hostname ?? [],
    options.apiserverAdvertiseAddress ?? [],
    (isIpv6 ? host : host?.split(':')[0]) ?? [],
    options.apiserverCertExtraSans ?? [],
  ].flat();
}

const isAddress = (name: string): boolean => name.includes(':') || /^[\d.]+$/.test(name);

/** Holds a PKI against openssl. Throws where that refuses anything. */
function assertAccepted(pki: ClusterPki, options: ClusterOptions): void {
  const sandbox = createSandbox();
  try {
    const held = heldCertificates(pki);
    for (const { id, pem } of held) sandbox.write(`${id}.crt`, pem);
    for (const purpose of ['clientAuth', 'serverAuth']) {
      for (const ca of held.filter(({ desired }) => desired.isCa)) {
        const leaves = held.filter(
          ({ desired }) => desired.signer === ca.id && desired.extKeyUsage.includes(purpose),
        );
        if (leaves.length === 0) continue;
        const args = ['-partial_chain', '-CAfile', `${ca.id}.crt`, '-purpose', `ssl${purpose.slice(0, 6)}`];
        const files = leaves.map(({ id }) => `${id}.crt`);
        expect(verify(sandbox.path, files, { now, args })).toEqual(files.map(() => 'OK'));
      }
    }
    for (const name of wantedNames(options)) {
      const as = isAddress(name) ? ['-verify_ip', name] : ['-verify_hostname', name.replace('*', 'any')];
      const args = ['-partial_chain', '-CAfile', 'ca.crt', '-purpose', 'sslserver', ...as];
      expect([name, ...verify(sandbox.path, ['apiserver.crt'], { now, args })]).toEqual([name, 'OK']);
    }
  } finally {
    sandbox.remove();
  }
}

opensslOracle('any legal specification', () => {
  test('gives a PKI that openssl accepts and that a second run leaves alone', async () => {
    const holds = fc.asyncProperty(legalOptions, async (options) => {
      const first = await generateClusterPki({ ...options, now });
      assertAccepted(first, options);

      const second = await generateClusterPki({ ...options, now, existing: first.files });
      expect(second.files).toEqual([]);
      expect(second.plan.isComplete).toBe(true);
      const findingsOf = ({ plan }: ClusterPki): readonly string[] =>
        plan.rows.flatMap(({ findings }) => findings.map(({ code, row }) => `${code} ${row}`));
      expect(findingsOf(second).filter((finding) => !findingsOf(first).includes(finding))).toEqual([]);
    });
    await fc.assert(holds, { numRuns });
  }, 300_000);
});
