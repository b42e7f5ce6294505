import type { Certificate } from '../x509/model.ts';
import { nameText } from './text.ts';
import { timeText } from './time.ts';

/** One certificate with whom it makes its holder and how long it lives. */
export interface Credential {
  readonly path: string;
  /** The user of a kubeconfig whose it is, where that is not the one of its current context. */
  readonly user?: string;
  readonly subject: string;
  readonly notAfter: string;
}

/** A certificate and where it stands. */
export interface HeldCertificate {
  readonly path: string;
  readonly user?: string;
  readonly certificate: Certificate;
}

// What Kubernetes itself gives power to: its own groups and users, and kubeadm's administrators.
const PRIVILEGED = /^(?:system:|kubeadm:cluster-admins$)/;

/** Those of the certificates that carry a name or a group of Kubernetes' own. Does not judge: they are meant to be there. */
export function privilegedAmong(held: readonly HeldCertificate[]): readonly Credential[] {
  return held
    .filter(({ certificate }) => certificate.subject.attributes.some(({ value }) => PRIVILEGED.test(value)))
    .map(({ certificate: { subject, notAfter }, ...place }) => ({
      ...place,
      subject: nameText(subject),
      notAfter: timeText(notAfter),
    }));
}
