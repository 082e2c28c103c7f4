using System.Globalization;
using LatentDiffusion.Cli.Pages;
using static LatentDiffusion.Cli.Pages.HtmlPage;

namespace LatentDiffusion.Cli.Demo;

/// <summary>One group's samples.</summary>
internal sealed record DemoGroup(string Name, string File, long FirstSeed);

/// <summary>What the demo's page shows.</summary>
internal sealed record TrainingDemoContent(
    IReadOnlyList<DemoGroup> Groups,
    int SamplerSteps,
    double Guidance,
    long Seed,
    long AutoencoderSteps,
    long DiffusionSteps,
    double Psnr
);

/// <summary>Renders the demo's page: plain HTML beside its pictures, to be opened from the disk.</summary>
internal static class TrainingDemoPage
{
    private const string Styles =
        ".sheets { display: grid; grid-template-columns: repeat(auto-fill, minmax(26rem, 1fr)); gap: 1.5rem; }";

    public static string Render(TrainingDemoContent content) =>
        HtmlPage.Render("Latent diffusion demo", Styles, Body(content));

    private static string Body(TrainingDemoContent content)
    {
        var groups = string.Concat(
            content.Groups.Select(g =>
                $"""
                    <figure>
                      <img src="{Uri.EscapeDataString(g.File)}" alt="Samples of {Encode(g.Name)}">
                      <figcaption>{Encode(g.Name)} <small>(seeds from {g.FirstSeed})</small></figcaption>
                    </figure>

                    """
            )
        );
        return string.Create(
            CultureInfo.InvariantCulture,
            $"""
            <h1>Latent diffusion, trained on this machine</h1>
            <p>An autoencoder learned to compress 32x32 emoji four times per side ({content.AutoencoderSteps} steps); a
            UNet learned to denoise in its 8x8 latent space, told the emoji's group ({content.DiffusionSteps} steps).
            Seed {content.Seed}.</p>
            <h2>New emoji</h2>
            <p>{content.SamplerSteps} steps of DPM-Solver++ 2M, guidance scale {content.Guidance}. Every sample drawn is shown.</p>
            <div class="sheets">
            {groups}</div>
            <h2>Reconstructions</h2>
            <p>Emoji that training never saw beside what the autoencoder makes of them: PSNR {content.Psnr:f1} dB on
            average over the held-out split.</p>
            <img src="reconstructions.png" alt="Inputs and reconstructions">
            <h2>Training</h2>
            <div class="sheets">
            <img src="loss-autoencoder.png" alt="Autoencoder loss over steps">
            <img src="loss-diffusion.png" alt="Diffusion loss over steps">
            </div>
            """
        );
    }
}
