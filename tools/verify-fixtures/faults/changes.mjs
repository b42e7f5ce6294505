// What most faults are: one certificate of the clean tree, issued otherwise.

export const CLIENT = 'pki/front-proxy-client';
export const AUTHORITY = 'pki/front-proxy-ca';
export const SERVER = 'pki/apiserver';

/** Arguments that say what is wanted, so that what is there beyond that is surplus. */
export const SPECIFIED = ['--host-ip', '192.0.2.10', '--hostname', 'cp1'];

/** The certificate with another subject, serial number, digest or dates. */
export const issued = (stem, change) => (make) => ({ [`${stem}.crt`]: make.certificate(stem, change) });

/** The certificate with other extensions, as lines of openssl.cnf. */
export const extended = (stem, extensions) => issued(stem, { extensions });

/** The certificate with other bytes in what is signed. */
export const edited = (stem, edit) => (make) => ({ [`${stem}.crt`]: make.edited(stem, edit) });
