import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AppError } from '../errors.ts';

export type CertificateFiles = { readonly certFile: string; readonly keyFile: string };

/** Made anew so long before its end, at a start. */
const RENEW_BEFORE_MS = 30 * 86_400_000;

/** Of a PEM file, SHA-256 of its first certificate: in hexadecimal with colons, as Node tells that of a peer. */
export const fingerprintOf = async (certFile: string): Promise<string> =>
  new X509Certificate(await readFile(certFile)).fingerprint256;

/** Whether the file has a certificate that is good for the address, for some time to come. */
const isGoodFor = async (certFile: string, address: string, nowMs: number): Promise<boolean> => {
  try {
    const certificate = new X509Certificate(await readFile(certFile));
    return certificate.checkIP(address) !== undefined && Date.parse(certificate.validTo) - nowMs > RENEW_BEFORE_MS;
  } catch {
    return false;
  }
};

/**
 * The certificate of *network* mode when none is given: made by the machine's openssl and kept in the home, until it is
 * about to end or the address is another. Browsers ask before they trust it; the microphone works once they do.
 */
export const ensureCertificate = async (home: string, address: string, nowMs: number): Promise<CertificateFiles> => {
  const files = { certFile: join(home, 'tls-cert.pem'), keyFile: join(home, 'tls-key.pem') };
  if (existsSync(files.keyFile) && (await isGoodFor(files.certFile, address, nowMs))) return files;
  try {
    await promisify(execFile)('openssl', [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '825',
      '-subj',
      '/CN=Qianhu',
      '-addext',
      `subjectAltName=IP:${address},DNS:localhost,IP:127.0.0.1`,
      '-keyout',
      files.keyFile,
      '-out',
      files.certFile,
    ]);
  } catch (error) {
    throw new AppError(
      'unavailable',
      'No certificate could be made: the openssl command is missing or failed. Install it (apt-get install openssl), or give TLS_CERT and TLS_KEY.',
      { cause: error },
    );
  }
  await chmod(files.keyFile, 0o600);
  return files;
};
