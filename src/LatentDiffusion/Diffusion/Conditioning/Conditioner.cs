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
    /// <param name="size">The latents' size; needed where no input tells it and channels are made.</param>
    /// <returns>The condition; its tensors belong to the current dispose scope.</returns>
    public abstract Condition Encode(IReadOnlyList<ConditionInput> inputs, LatentSize? size = null);

    /// <summary>Takes from some inputs what this conditioner reads, at random, as training for guidance demands.</summary>
    /// <param name="inputs">One for each image.</param>
    /// <param name="generator">Makes the choice.</param>
    public abstract IReadOnlyList<ConditionInput> Drop(IReadOnlyList<ConditionInput> inputs, Generator generator);

    /// <summary>
    /// What guidance leads away from for an input: a negative input that keeps those of the input's parts which training never
    /// dropped, because the model does not know how to be without them.
    /// </summary>
    /// <param name="negative">What to lead away from; <see cref="ConditionInput.None"/> for nothing in particular.</param>
    /// <param name="input">What is wanted.</param>
    public abstract ConditionInput Negate(ConditionInput negative, ConditionInput input);

    /// <summary>What keeps an input from being drawn, in one line; null when nothing does.</summary>
    /// <param name="input">The input.</param>
    /// <param name="height">Height of the image to draw, in pixels.</param>
    /// <param name="width">Width of the image to draw, in pixels.</param>
    public abstract string? ProblemWith(ConditionInput input, int height, int width);

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
