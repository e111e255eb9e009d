/**
 * pkijs for browsers: what reads certificates and checks a path, without the rest of the library (CMS, OCSP, CRLs, time stamps,
 * PKCS #12, keys, its cryptography), of which the verifier calls nothing (src/evidence/x509*.ts). pkijs is one module that works
 * when it is loaded, so that no bundler can tell.
 *
 * A class that is left out is still there by name. Making one throws, and a certificate that would need it is not read: such a chain
 * is unchecked, and never valid.
 */

/** Classes that nothing here makes. */
const LEFT_OUT = [
  // Cryptography: signatures are checked in src/evidence/signature.ts.
  'PBKDF2Params PBES2Params RSAESOAEPParams ECCCMSSharedInfo RSASSAPSSParams ECPrivateKey OtherPrimeInfo RSAPrivateKey PrivateKeyInfo DigestInfo Signature',
  // Messages (CMS), time stamps, PKCS #10 and #12.
  'EncryptedContentInfo ContentInfo CertBag CRLBag EncryptedData PKCS8ShroudedKeyBag SecretBag SafeBag SafeContents SafeBagValueFactory KeyBag MacData PFX AuthenticatedSafe OtherCertificateFormat CertificateSet OtherRevocationInfoFormat RevocationInfoChoices OriginatorInfo IssuerAndSerialNumber RecipientIdentifier KeyTransRecipientInfo OriginatorPublicKey OriginatorIdentifierOrKey OtherKeyAttribute RecipientKeyIdentifier KeyAgreeRecipientIdentifier RecipientEncryptedKey RecipientEncryptedKeys KeyAgreeRecipientInfo KEKIdentifier KEKRecipientInfo PasswordRecipientinfo OtherRecipientInfo RecipientInfo EnvelopedData EncapsulatedContentInfo SignedAndUnsignedAttributes SignerInfo SignedData TSTInfo MessageImprint PKIStatusInfo TimeStampReq TimeStampResp CertificationRequest',
  // Revocation: no claim rests on it, and pages ask nobody (spec/decisions.md, 46).
  'RevokedCertificate CertificateRevocationList CertID SingleResponse ResponseData BasicOCSPResponse Request TBSRequest OCSPRequest ResponseBytes OCSPResponse',
  // Values of extensions that nothing here reads (UNREAD), and keys, which src/evidence reads itself.
  'AuthorityKeyIdentifier CAVersion CertificateTemplate DistributionPoint CRLDistributionPoints InfoAccess AccessDescription IssuingDistributionPoint PrivateKeyUsagePeriod QCStatement QCStatements SubjectDirectoryAttributes Attribute AttCertValidityPeriod ECPublicKey RSAPublicKey',
  // Certificates of attributes, and transparency within certificates.
  'IssuerSerial AttributeCertificateInfoV1 AttributeCertificateV1 ObjectDigestInfo V2Form Holder AttributeCertificateInfoV2 AttributeCertificateV2 SignedCertificateTimestamp SignedCertificateTimestampList Accuracy',
].flatMap((names) => names.split(' '));

/** The library's cryptography is handed on where paths are checked, and nothing of it is called there. */
const ENGINE = 'function getCrypto() { return {}; }';
const STARTED = /^initCryptoEngine\(\);$/m;

/** Extensions that neither the check of a path nor src/evidence looks into; a critical one is refused there by its identifier. */
const UNREAD =
  'AuthorityKeyIdentifier MicrosoftCaVersion MicrosoftCertTemplateV2 CRLDistributionPoints FreshestCRL CertificateIssuer AuthorityInfoAccess SubjectInfoAccess IssuingDistributionPoint PrivateKeyUsagePeriod QCStatements SignedCertificateTimestampList SubjectDirectoryAttributes'.split(
    ' ',
  );

/** What nothing here asks of a value of the library: how it is told as JSON, and how it is written. */
const TOLD = /^\t(?:toJSON|toSchema|encodeTBS)\([^)]*\) \{\n.*?^\t\}\n/gms;

/** The library without what is left out. Throws if it is not laid out as it was. */
export function leanPkijs(code: string): string {
  if (!STARTED.test(code)) throw new Error('pkijs does not begin as it did');
  let lean = code.replace(STARTED, '').replace(found(/^function getCrypto\(.*?^}$/ms, code), () => ENGINE);
  for (const name of LEFT_OUT) {
    const text = `${name} is not in this build`;
    lean = lean.replace(
      classNamed(name, lean),
      () => `var ${name} = class ${name} { constructor() { throw new Error(${JSON.stringify(text)}); } };`,
    );
  }
  for (const name of UNREAD)
    lean = lean.replace(
      found(new RegExp(`^\\t+ExtensionValueFactory\\.register\\(id_\\w+, "${name}", \\w+\\);$`, 'm'), lean),
      '',
    );
  return lean.replaceAll(TOLD, '');
}

/** The text of a class at the top of a module, as rolldown writes it. */
function classNamed(name: string, code: string): string {
  return found(new RegExp(`^var ${name} = class .*?^};$`, 'ms'), code);
}

function found(what: RegExp, code: string): string {
  const [text] = what.exec(code) ?? [];
  if (text === undefined) throw new Error(`pkijs is not laid out as it was: ${what.source}`);
  return text;
}
