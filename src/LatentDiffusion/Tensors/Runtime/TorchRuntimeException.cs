namespace LatentDiffusion.Tensors.Runtime;

/// <summary>The native tensor library cannot be used on this host; the message says why and what to do.</summary>
public sealed class TorchRuntimeException : Exception
{
    /// <summary>Creates the exception with a sentence for the person at the keyboard.</summary>
    public TorchRuntimeException(string message)
        : base(message) { }

    /// <summary>Creates the exception with a sentence for the person at the keyboard and the original failure.</summary>
    public TorchRuntimeException(string message, Exception innerException)
        : base(message, innerException) { }

    /// <summary>Creates the exception without a message.</summary>
    public TorchRuntimeException() { }
}
