using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion.Conditioning;

/// <summary>
/// Turns what is known of images into what a UNet takes (the tau of LDM section 3.3). It has its own null condition, for
/// classifier-free guidance, and its own probability of dropping to it in training.
/// </summary>
public abstract class Conditioner : IDisposable
{
    /// <summary>
    /// The part with weights, which is saved with the model; its parameters that require gradients are trained together with
    /// the UNet. Null where there is none.
    /// </summary>
    public abstract nn.Module? Network { get; }

    /// <summary>The vocabularies of its tokenizers in order, as text to keep in the model's file.</summary>
    public virtual IReadOnlyList<string> Vocabularies => [];

    /// <summary>Encodes a batch.</summary>
    /// <param name="inputs">One for each image.</param>
    /// <returns>The condition; its tensors belong to the current dispose scope.</returns>
    public abstract Condition Encode(IReadOnlyList<ConditionInput> inputs);

    /// <summary>Takes from some inputs what this conditioner reads, at random, as training for guidance demands.</summary>
    /// <param name="inputs">One for each image.</param>
    /// <param name="generator">Makes the choice.</param>
    public abstract IReadOnlyList<ConditionInput> Drop(IReadOnlyList<ConditionInput> inputs, Generator generator);

    /// <summary>The part of an input that the conditioner has no room for, in words; null when there is room for all.</summary>
    public virtual string? CutFrom(ConditionInput input) => null;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the network.</summary>
    /// <param name="disposing">Whether this is not a finaliser.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            Network?.Dispose();
        }
    }
}
