/** The verifier in a worker of its own, so that the page stays responsive. */
addEventListener('message', ({ data }) => postMessage(data));
