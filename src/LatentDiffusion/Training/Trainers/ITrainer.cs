using LatentDiffusion.Imaging;
using LatentDiffusion.Progress;

namespace LatentDiffusion.Training.Trainers;

/// <summary>One kind of training, as the <see cref="TrainingLoop"/> sees it: steps, state, pictures.</summary>
internal interface ITrainer : IDisposable
{
    /// <summary>What is trained, in a word or two.</summary>
    string Name { get; }

    /// <summary>Takes the weights of a trained model, before the first step (the reference's ckpt_path).</summary>
    /// <param name="path">A run folder, a model folder, or a file.</param>
    /// <exception cref="Errors.UserInputException">There is no such model, or it does not fit.</exception>
    void StartFrom(string path) => throw new NotSupportedException($"The {Name} trainer cannot start from {path}.");

    /// <summary>
    /// Reads or computes what the steps need, such as the latents of all images, before the session's time begins.
    /// </summary>
    /// <param name="step">The first step of the session, counted from 0.</param>
    void Prepare(long step) { }

    /// <summary>Does optimiser step number <paramref name="step"/>, counted from 0.</summary>
    /// <returns>Metrics; "loss" is among them.</returns>
    IReadOnlyDictionary<string, double> Step(long step);

    /// <summary>Whether <see cref="Evaluate"/> is due after a step; it always is at the end of a session.</summary>
    /// <param name="step">Steps done.</param>
    /// <param name="sheetIsDue">Whether a sheet is.</param>
    bool EvaluationIsDue(long step, bool sheetIsDue) => sheetIsDue;

    /// <summary>Measures the model on images it is not trained on, without changing the training's course.</summary>
    /// <returns>Metrics by name; none by default.</returns>
    IReadOnlyDictionary<string, double> Evaluate(CancellationToken cancellation) => new Dictionary<string, double>();

    /// <summary>Whether all weights are finite numbers; the loss that shows others comes a step later.</summary>
    bool WeightsAreFinite();

    /// <summary>Writes weights and optimiser state after <paramref name="step"/> steps into a folder.</summary>
    void Write(string folder, long step);

    /// <summary>Restores what <see cref="Write"/> wrote.</summary>
    /// <returns>The number of steps done.</returns>
    long Read(string folder);

    /// <summary>Draws a sheet that shows how far training has come, without changing its course.</summary>
    /// <param name="progress">Told on the way, if drawing takes long.</param>
    /// <param name="cancellation">Stops drawing.</param>
    RgbImage DrawSheet(IProgress<StepProgress>? progress, CancellationToken cancellation);
}
