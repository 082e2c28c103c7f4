namespace LatentDiffusion.Tools.EmojiDataset;

/// <summary>Something about the input that whoever runs the tool can put right; the message is one line for them.</summary>
internal sealed class DatasetException(string message, Exception? cause = null) : Exception(message, cause);
