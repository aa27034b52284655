const ORIENTATION = 0x0112;

/**
 * The orientation that EXIF data state, 1 to 8. Data that are damaged or say nothing of it count as 1: a picture is never refused for them.
 *
 * @param exif a TIFF header and what follows it
 */
export function exifOrientation(exif: Uint8Array): number {
  // some writers put JPEG's mark before it in other files, too
  const marked = String.fromCharCode(...exif.subarray(0, 6)) === 'Exif\0\0';
  const tiff = marked ? exif.subarray(6) : exif;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  if (view.byteLength < 8) return 1;
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return 1;
  const little = order === 0x4949;
  const start = view.getUint32(4, little);
  if (start + 2 > view.byteLength) return 1;
  const entries = view.getUint16(start, little);
  for (let i = 0; i < entries; i++) {
    const at = start + 2 + 12 * i;
    if (at + 12 > view.byteLength) return 1;
    if (view.getUint16(at, little) !== ORIENTATION) continue;
    const value = view.getUint16(at + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}
