import type { Usage, UsageId } from './row.ts';

const SIGN_AND_ENCIPHER = {
  rsa: ['digitalSignature', 'keyEncipherment'],
  other: ['digitalSignature'],
} as const;
const SIGN = { rsa: ['digitalSignature'], other: ['digitalSignature'] } as const;

const CA = ['digitalSignature', 'keyCertSign', 'cRLSign'] as const;
const CA_ONLY = ['keyCertSign', 'cRLSign'] as const;

// R4 asks for keyEncipherment on servers and clients. RFC 8813 section 3 forbids it on EC keys, and TLS 1.3 never uses it.
const R4 = { requirements: SIGN_AND_ENCIPHER, kubeadm: SIGN_AND_ENCIPHER } as const;

/** The kinds of certificate (R4) and what each may be used for. */
export const USAGES: Readonly<Record<UsageId, Usage>> = Object.freeze({
  ca: {
    isCa: true,
    keyUsage: {
      requirements: { rsa: CA, other: CA },
      kubeadm: { rsa: CA, other: CA },
      hardened: { rsa: CA_ONLY, other: CA_ONLY },
    },
    extKeyUsage: [],
  },
  // A TLS 1.2 client may still ask an RSA server for key transport, so `hardened` leaves keyEncipherment here.
  server: { isCa: false, keyUsage: { ...R4, hardened: SIGN_AND_ENCIPHER }, extKeyUsage: ['serverAuth'] },
  client: { isCa: false, keyUsage: { ...R4, hardened: SIGN }, extKeyUsage: ['clientAuth'] },
  serverAndClient: {
    isCa: false,
    keyUsage: { ...R4, hardened: SIGN_AND_ENCIPHER },
    extKeyUsage: ['serverAuth', 'clientAuth'],
  },
});
