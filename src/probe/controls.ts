/** Controls that several packs support. A claim supports a control; alone it never fulfils one. */
export const TRANSMISSION = [
  { framework: 'SOC2-2017', id: 'CC6.7' },
  { framework: 'HIPAA-164.312', id: '(e)(1)' },
];
