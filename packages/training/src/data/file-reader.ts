/** Where files are read from: what `fetchData` of @heed/node gives, or a `Folder`. */
export interface FileReader {
  read(name: string): Promise<Uint8Array>;
}
