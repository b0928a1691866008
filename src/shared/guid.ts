/** A GUID in lower case. Ids and settings have only this spelling, so that they can be compared as text. */
export const guidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const guidPatternAnyCase = new RegExp(guidPattern, 'i');
