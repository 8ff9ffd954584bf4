/**
 * Thrown where a message or its bytes are not as encoders and hubs usually make them: protobuf-es then does the work from the
 * beginning, so that there is one opinion of what is rare or malformed. Has no stack of its own, as nobody gets to see it.
 */
export const unusual: Error = new Error("The message is for protobuf-es to read or write.");
