/** Where the API is: beside this page, which may stand under a path of its host. Without a slash at the end. */
export const server = new URL(".", document.baseURI).href.replace(/\/$/, "");
